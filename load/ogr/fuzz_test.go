package ogr

import (
	"bytes"
	"testing"
)

// FuzzDBF: the table beside a shapefile, broken in whatever way, ends in an error or its end, never in a panic.
func FuzzDBF(f *testing.F) {
	head := make([]byte, 65)
	head[0], head[8], head[10], head[32], head[43], head[48], head[64] = 3, 65, 11, 'A', 'C', 10, '\r'
	f.Add(append(head, " 0123456789"...))
	f.Fuzz(func(_ *testing.T, table []byte) {
		_, _, _ = scanDBF(bytes.NewReader(table))
	})
}
