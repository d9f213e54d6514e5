"""How are documents of another product imported into a Pennylane company?"""
