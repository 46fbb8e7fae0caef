"""Reports of what collectors have found: one content, set as a page, as PDF, as a Word document and as JSON."""
