package place

import (
	"strings"
	"testing"

	"wangge/internal/fault"
)

func TestTextsThatCannotBeSeenAreRefused(t *testing.T) {
	const unseen = "\u202e\u200b\u202c"
	row := Row{Source: "a.csv:2", Code: "001", Name: unseen}
	for field, err := range map[string]error{
		"name":       CheckRow(row),
		"limit_east": CheckLimits(Row{Code: "001"}, Limits{East: unseen}),
		"address":    CheckEntity(EntityRow{Row: Row{Code: "001", Name: "小店"}, Address: unseen}),
	} {
		notes := Refusals(err)
		if len(notes) != 1 || notes[0].Field != field || !strings.Contains(notes[0].Reason, "can be seen") {
			t.Errorf("%s: %+v", field, notes)
		}
	}
	if err := CheckRow(Row{Code: "001", Name: "\u200f网格\u200b"}); err != nil {
		t.Errorf("a name with a mark in it: %v", err)
	}
	_, err := CheckContacts(Contacts{Station: &Station{Name: unseen}})
	if !fault.Is(err, fault.Invalid) || fault.As(err).Field != "serviceStation.name" {
		t.Errorf("a station: %v", err)
	}
}
