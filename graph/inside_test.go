package graph

import (
	"testing"

	"wangge/domain/account"
	"wangge/domain/page"
	"wangge/internal/fault"
)

// FuzzCursor: a cursor is one that this API could have made, or INVALID at after.
func FuzzCursor(f *testing.F) {
	f.Add(page.Cursor{Order: "CODE", Text: "990102001001001", ID: "x"}.Encode())
	f.Add(page.Cursor{Order: "AREA", Num: 3.5, ID: "y"}.Encode())
	f.Add(page.Cursor{Order: "CODE", Text: "a\x00", ID: "z"}.Encode())
	f.Add("")
	f.Add("eyJvIjoiQ09ERSJ9")
	p := &plan{actor: account.Anyone()}
	f.Fuzz(func(t *testing.T, after string) {
		args, err := p.page(nil, &after, "CODE")
		if err != nil {
			if e := fault.As(err); e.Code != fault.Invalid || e.Field != "after" {
				t.Fatalf("%q: %v at %q", after, err, e.Field)
			}
			return
		}
		again := args.After.Encode()
		if read, err := p.page(nil, &again, "CODE"); err != nil || *read.After != *args.After {
			t.Errorf("%q reads as %+v, which reads as %+v, %v", after, args.After, read.After, err)
		}
	})
}
