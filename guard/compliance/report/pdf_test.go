package report

import "testing"

// pdfText is the text of a PDF.
func pdfText(t *testing.T, pdf []byte) string { return string(pdf) }
