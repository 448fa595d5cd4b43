package place

import (
	"slices"
	"strings"
	"testing"

	"wangge/internal/fault"
)

func n(v int) *int { return &v }

func TestEffectiveInheritsWhatIsLeftOpen(t *testing.T) {
	got := Effective([]SizePolicy{
		{HouseholdsMin: n(100), HouseholdsMax: n(200), GridsMin: n(4)},
		{HouseholdsMax: n(300)},
		{HouseholdsTarget: n(250)},
	})
	if *got.HouseholdsMin != 100 || *got.HouseholdsMax != 300 || *got.HouseholdsTarget != 250 || *got.GridsMin != 4 || got.ResidentsMax != nil {
		t.Errorf("%+v", got)
	}
}

func TestEffectiveSaysHowManyInformants(t *testing.T) {
	for _, c := range []struct {
		name string
		line []SizePolicy
		want [4]*int
	}{
		{"nothing set", nil, [4]*int{n(6), n(8), n(50), n(100)}},
		{"set above", []SizePolicy{{InformantsMin: n(2), InformantsMax: n(3)}, {GridsMax: n(9)}}, [4]*int{n(2), n(3), n(50), n(100)}},
		{"one limit set leaves the other open", []SizePolicy{{InformantsMax: n(4), HouseholdsPerInformantMin: n(20)}}, [4]*int{nil, n(4), n(20), nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Effective(c.line)
			for i, got := range []*int{p.InformantsMin, p.InformantsMax, p.HouseholdsPerInformantMin, p.HouseholdsPerInformantMax} {
				if (got == nil) != (c.want[i] == nil) || got != nil && *got != *c.want[i] {
					t.Errorf("%d: %v, want %v", i, got, c.want[i])
				}
			}
		})
	}
}

func TestCheckPolicy(t *testing.T) {
	for _, c := range []struct {
		name  string
		p     SizePolicy
		field string // "" where it holds
	}{
		{"nothing said", SizePolicy{}, ""},
		{"in order", SizePolicy{HouseholdsMin: n(100), HouseholdsTarget: n(150), HouseholdsMax: n(200), ResidentsMin: n(0)}, ""},
		{"target below the least", SizePolicy{HouseholdsMin: n(100), HouseholdsTarget: n(50)}, "households"},
		{"least above the most, no target", SizePolicy{ResidentsMin: n(500), ResidentsMax: n(350)}, "residents"},
		{"negative", SizePolicy{GridsMax: n(-1)}, "grids"},
		{"informants upside down", SizePolicy{InformantsMin: n(8), InformantsMax: n(6)}, "informants"},
		{"households of an informant upside down", SizePolicy{HouseholdsPerInformantMin: n(80), HouseholdsPerInformantMax: n(60)}, "householdsPerInformant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckPolicy(c.p)
			if c.field == "" && err != nil || c.field != "" && (!fault.Is(err, fault.Invalid) || fault.As(err).Field != c.field) {
				t.Errorf("%v, want a refusal of %q", err, c.field)
			}
		})
	}
}

func TestCodes(t *testing.T) {
	for code, want := range map[string]string{
		"140403007002": "140403007002", "140403001000": "140403001", "140403000000": "140403", "140400000000": "1404",
		"140000000000": "14", "1404": "1404", "MC": "MC", "14040300700x": "14040300700x", "": "",
	} {
		if got := TrimCode(code); got != want {
			t.Errorf("TrimCode(%q) = %q, want %q", code, got, want)
		}
	}
	for code, want := range map[string][]string{
		"140403007002": {"140403007", "140403", "1404", "14"}, "140403": {"1404", "14"}, "14": {}, "MONACO": {}, "31201": {"3120", "31"},
	} {
		if got := ParentCodes(code); !slices.Equal(got, want) {
			t.Errorf("ParentCodes(%q) = %q, want %q", code, got, want)
		}
	}
	for code, want := range map[string]bool{"140403007002": true, "way-4711": true, "": false, "a b": false, "网格": false, "x'; --": false,
		"123456789012345678901234567890123": false} {
		if ValidCode(code) != want {
			t.Errorf("ValidCode(%q) is not %v", code, want)
		}
	}
}

func TestImportedTextsFitIntoOneLine(t *testing.T) {
	for text, good := range map[string]bool{"": true, "听雨社区": true, strings.Repeat("听", 200): true, strings.Repeat("听", 201): false, "听雨\n社区": false,
		"听雨\u2028社区": false, "听雨\x00": false, "\xff": false} {
		if err := CheckRow(Row{Code: "A1", Name: text}); (err == nil) != good {
			t.Errorf("a name of %q: %v", fault.Shorten(text, 20), err)
		}
	}
}
