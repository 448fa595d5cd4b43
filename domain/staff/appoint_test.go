package staff

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"wangge/internal/fault"
)

func TestCheckWorker(t *testing.T) {
	for _, c := range []struct {
		name  string
		w     NewWorker
		field string // "" where it is taken
	}{
		{"all there is", NewWorker{Name: " 欧阳明 ", WorkPhone: "+86 (555) 0100-1", Duties: []string{"巡查", "调解"}}, ""},
		{"a name alone", NewWorker{Name: "Ann"}, ""},
		{"20 duties of 200 characters", NewWorker{Name: "x", Duties: slices.Repeat([]string{strings.Repeat("巡", 200)}, 20)}, ""},
		{"21 duties", NewWorker{Name: "x", Duties: slices.Repeat([]string{"巡查"}, 21)}, "duties"},
		{"a duty of 201 characters", NewWorker{Name: "x", Duties: []string{"巡查", strings.Repeat("巡", 201)}}, "duties.1"},
		{"a duty of spaces", NewWorker{Name: "x", Duties: []string{"  "}}, "duties.0"},
		{"a duty of two lines", NewWorker{Name: "x", Duties: []string{"巡查\n调解"}}, "duties.0"},
		{"a duty with an escape", NewWorker{Name: "x", Duties: []string{"\x1b[31m巡查"}}, "duties.0"},
		{"a duty with a line separator", NewWorker{Name: "x", Duties: []string{"巡查\u2028调解"}}, "duties.0"},
		{"a duty that is no text", NewWorker{Name: "x", Duties: []string{"\xff"}}, "duties.0"},
		{"no name", NewWorker{Name: " \t"}, "name"},
		{"a name of 101 characters", NewWorker{Name: strings.Repeat("欧", 101)}, "name"},
		{"a name with a tab", NewWorker{Name: "欧\t阳"}, "name"},
		{"a name with a C1 control", NewWorker{Name: "欧\u0085阳"}, "name"},
		{"a phone with a letter", NewWorker{Name: "x", WorkPhone: "555x"}, "workPhone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckWorker(c.w)
			var f *fault.Error
			switch {
			case c.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.field != "" && (!errors.As(err, &f) || f.Code != fault.Invalid || f.Field != c.field):
				t.Errorf("%v, want INVALID at %s", err, c.field)
			}
		})
	}
}
