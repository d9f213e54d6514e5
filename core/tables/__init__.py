"""A product page written as data: paths into records, mappings to payloads, rules that decide."""
