"""Which made-up names and texts does the seeded account use? Among them what breaks careless programs."""

from __future__ import annotations

#: Each is put into names, subjects and descriptions: markup, quotes, formulas, other scripts, combining marks.
HOSTILE = (
    "<script>alert('facture')</script>",
    'L\'Étoile "du Nord" & Fils; DROP TABLE invoices;--',
    '=HYPERLINK("http://example.invalid";"click")',
    "株式会社サンプル 🚀 Œuvre naïve",
    "Tab\there, back\\slash, {{ 7*7 }} ${HOME} %s",
    "مرحبا \u202egnp.exe\u202c Zoe\u0308 Ñandú",
)
COMPANIES = (
    "Librairie Montaigne", "Agence Bellerive", "Vignobles Castel", "Optique Lumière", "Théâtre de l'Écluse",
    "Atelier Kœchlin", "Meubles Garance", "Clinique du Parc", "Café Müller", "Éditions Saint-Éloi",
    "Scierie Dubreuil", "Studio Nuñez", "Cabinet d'Arcy", "Hôtel Beau-Rivage", "Traiteur Lefèvre", "Garage Roux",
)  # fmt: skip
FORMS = ("SAS", "SARL", "SA", "SNC")
FIRST_NAMES = ("Zoé", "Léa", "Björn", "Inès", "Anaïs", "Éric", "José", "Maëlle", "Søren", "Chloé")
LAST_NAMES = ("d'Arcy", "Lefèvre", "Nuñez", "O'Neill", "Guérin", "van der Berg", "Kœnig", "Şahin", "Le Goff", "Müller")
#: As people type them: the country named or not, in either language, on lines of its own or behind commas.
FRENCH_ADDRESSES = (
    "12 rue de la Paix\r\n75002 Paris\r\nFrance",
    "3 quai Saint-Antoine, 69002 Lyon, France",
    "Bâtiment C\r\nZA des Prés-Hauts\r\n33700 MÉRIGNAC CEDEX",
    "8 boulevard Gambetta\r\n06000 Nice",
    "1 place du Capitole\r\nF-31000 Toulouse",
    "45 rue d'Antibes\r\n06400 Cannes (France)",
    "  Tour Égée, 17e étage \r\n9 allée de l'Arche\r\n92400 Courbevoie France\r\n",
    "27 rue de Siam\r\n29200 Brest\r\nFRANCE",
)
#: Address and the currency invoices go out in.
FOREIGN_ADDRESSES = (
    ("Hauptstraße 5\r\nHinterhaus\r\n10827 Berlin\r\nAllemagne", "EUR"),
    ("1 Grand-Place\r\n1000 Bruxelles\r\nBelgique", "EUR"),
    ("221B Baker Street\r\nLondon NW1 6XE\r\nUnited Kingdom", "GBP"),
    ("Bahnhofstrasse 1\r\nCH-8001 Zürich", "CHF"),
    ("350 5th Avenue\r\nNew York, NY 10118", "USD"),
    ("Damrak 1\r\n1012 LG Amsterdam\r\nThe Netherlands", "EUR"),
)
CATEGORIES = (
    # name, use_as_service, use_as_expense
    ("Service", True, False),
    ("Product", False, True),
    ("Licence", False, False),
)
SERVICES = (
    "Conseil en organisation", "Maquettes, page d'accueil", "Maintenance annuelle", "Formation à distance",
    "Développement sur mesure", "Hébergement", "Frais de déplacement", "Support prioritaire",
)  # fmt: skip
