package page

import (
	"reflect"
	"testing"

	"wangge/internal/fault"
)

func TestACursorThatWasMadeUpIsRefused(t *testing.T) {
	for _, c := range []struct {
		cursor Cursor
		taken  bool
	}{
		{Cursor{Order: "CODE", Text: "采薇新村", ID: "990102"}, true},
		{Cursor{Order: "CODE", Text: "采薇\t新村", ID: "990102"}, true}, // as a table may hold it from before
		{Cursor{Order: "CODE", Num: -1.5, ID: "990102"}, true},
		{Cursor{Order: "NAME", Text: "采薇新村", ID: "990102"}, false},
		{Cursor{Order: "CODE", Text: "采薇\x00新村", ID: "990102"}, false},
		{Cursor{Order: "CODE", Text: "采薇新村", ID: "990102\x00"}, false},
	} {
		after := c.cursor.Encode()
		got, err := Parse(10, MaxPublic, &after, "CODE")
		switch {
		case !c.taken:
			if f := fault.As(err); f == nil || f.Code != fault.Invalid || f.Field != "after" {
				t.Errorf("%+v: %v", c.cursor, err)
			}
		case err != nil || got.First != 10 || !reflect.DeepEqual(*got.After, c.cursor):
			t.Errorf("%+v: %+v, %v", c.cursor, got, err)
		}
	}
}
