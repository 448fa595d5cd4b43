package sheet

import "testing"

// FuzzCSV: a list in whatever code page, with whatever quotation marks, ends in an error or its end.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("楼栋编号,房号\n1,301\n"))
	f.Add([]byte("\xff\xfea\x00;\x00\"\x00"))
	f.Add([]byte("\"a\nb\",=1+1\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, _ = readAll(t, write(t, "a.csv", file), Options{})
	})
}
