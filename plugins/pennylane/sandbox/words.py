"""Which made-up names and texts does the seeded account use? Among them what breaks careless programs."""

from __future__ import annotations

#: Each is put into names, labels and notes: markup, quotes, formulas, other scripts, combining marks, line ends.
HOSTILE = (
    "<script>alert('facture')</script>",
    'L\'Étoile "du Nord" & Fils; DROP TABLE invoices;--',
    '=HYPERLINK("http://example.invalid";"click")',
    "株式会社サンプル 🚀 Œuvre naïve",
    "Tab\there, newline\nthere, back\\slash, {{ 7*7 }} ${HOME} %s",
    "مرحبا \u202egnp.exe\u202c Zoe\u0308 Ñandú",
)
LONG_LABEL = ("Mission de conseil, période d'été, équipe élargie ; " * 40)[:2000]

COMPANIES = (
    "Boulangerie Lefèvre", "Atelier Garnier", "Transports Müller", "Clinique Saint-Éloi", "Éditions du Canal",
    "Nordwind Handel", "Brasserie Dupuis", "Studio Horizon", "Menuiserie Caron", "Hôtel des Alpes",
    "Fromagerie Rochat", "Cabinet Delmas", "Imprimerie Vasseur", "Garage Petit", "Pépinières Roux", "Groupe Aurès",
)  # fmt: skip
FORMS = ("SAS", "SARL", "GmbH", "SA", "Ltd", "SNC")
FIRST_NAMES = ("Zoé", "Léa", "Björn", "Inès", "Anaïs", "Éric", "José", "Maëlle", "Søren", "Chloé")
LAST_NAMES = ("d'Arcy", "Lefèvre", "Nuñez", "O'Neill", "Guérin", "van der Berg", "Kœnig", "Şahin", "Le Goff", "Müller")
#: Street, postal code, city, country.
PLACES = (
    ("12 rue de la Paix", "75002", "Paris", "FR"),
    ("3 quai Saint-Antoine", "69002", "Lyon", "FR"),
    ("Hauptstraße 5\nHinterhaus", "10827", "Berlin", "DE"),
    ("1 Grand-Place", "1000", "Bruxelles", "BE"),
    ("221B Baker Street", "NW1 6XE", "London", "GB"),
    ("Avenue Habib Bourguiba 9", "1000", "Tunis", "TN"),
    ("Bahnhofstrasse 1", "8001", "Zürich", "CH"),
    ("350 5th Avenue", "10118", "New York", "US"),
)
SERVICES = (
    "Conseil en organisation", "Maintenance annuelle", "Abonnement Équipe", "Formation à distance", "Licence serveur",
    "Prestation sur site", "Hébergement", "Frais de déplacement", "Développement sur mesure", "Support prioritaire",
)  # fmt: skip
PAYMENT_CONDITIONS = (
    "30_days", "upon_receipt", "custom", "7_days", "15_days", "30_days_end_of_month", "45_days",
    "45_days_end_of_month", "60_days",
)  # fmt: skip
#: Number, label, VAT code, enabled.
CHART = (
    ("706000", "Prestations de services", "FR_200", True),
    ("706100", "Prestations exonérées", "exempt", True),
    ("707000", "Ventes de marchandises", "FR_200", True),
    ("445710", "TVA collectée", "any", True),
    ("445711", "TVA collectée (ancien compte)", "any", False),
    ("511200", "Chèques à encaisser", "any", True),
    ("530000", "Caisse", "any", False),
)
