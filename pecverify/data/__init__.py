"""Package data: the AgID and DigitPA anchors, the providers' names, the JSON Schema of a report."""
