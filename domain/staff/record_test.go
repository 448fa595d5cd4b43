package staff

import (
	"testing"

	"wangge/domain/key"

	"github.com/google/uuid"
)

func TestCheckInformants(t *testing.T) {
	n := func(v int) *int { return &v }
	usual := InformantLimits{n(6), n(8), n(50), n(100)}
	yes, no := true, false
	for _, c := range []struct {
		name       string
		informants int
		limits     InformantLimits
		households *int
		each       float64 // 0 for unknown
		ok         *bool
	}{
		{"seven of 70 households", 7, usual, n(490), 70, &yes},
		{"just enough", 6, usual, n(300), 50, &yes},
		{"too few households", 6, usual, n(299), 299.0 / 6, &no},
		{"too many households", 8, usual, n(801), 801.0 / 8, &no},
		{"too few informants, whatever the households", 5, usual, nil, 0, &no},
		{"too many informants", 9, usual, n(630), 70, &no},
		{"none", 0, usual, n(300), 0, &no},
		{"households not known", 7, usual, nil, 0, nil},
		{"none wanted, none there", 0, InformantLimits{Max: n(0), EachMax: n(10)}, n(300), 0, &yes},
		{"no limit on households", 2, InformantLimits{Min: n(1)}, nil, 0, &yes},
	} {
		t.Run(c.name, func(t *testing.T) {
			office := []Assignment{{Post: GridWorker, Worker: Worker{Key: key.Key{ID: uuid.UUID{9}}}}}
			for i := range c.informants {
				held := Assignment{Post: Informant, Away: i == 0, Worker: Worker{Key: key.Key{ID: uuid.UUID{byte(i)}}}}
				office = append(office, held, held) // the same worker twice counts once
			}
			got := CheckInformants(office, c.limits, c.households)
			if got.Count != c.informants {
				t.Errorf("%d informants", got.Count)
			}
			if each := got.Each(); (each == nil) != (c.each == 0) || each != nil && *each != c.each {
				t.Errorf("%v households each, want %v", each, c.each)
			}
			if ok := got.OK(); (ok == nil) != (c.ok == nil) || ok != nil && *ok != *c.ok {
				t.Errorf("%v, want %v", ok, c.ok)
			}
		})
	}
}
