package resident

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/domain/audit"
	"wangge/domain/civil"
	"wangge/internal/fault"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func day(s string) civil.Date {
	d, err := civil.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestKinds(t *testing.T) {
	both := Residency{RegisteredHere: true, LivesHere: true, Tenure: Owner}
	for _, c := range []struct {
		name string
		list []Residency
		want Kind
	}{
		{"nobody is known", nil, ""},
		{"all are registered where they live", []Residency{both, {RegisteredHere: true, LivesHere: true, Tenure: Family}}, Together},
		{"one lives elsewhere", []Residency{both, {RegisteredHere: true, Tenure: Family}}, Apart},
		{"one is registered elsewhere", []Residency{{LivesHere: true, Tenure: Guest}, both}, Apart},
		{"a tenant lives here", []Residency{{RegisteredHere: true, Tenure: Owner}, {LivesHere: true, Tenure: Tenant}}, Renting},
		{"a tenant who is registered here", []Residency{{RegisteredHere: true, LivesHere: true, Tenure: Tenant}}, Renting},
		{"a tenant who lives elsewhere", []Residency{{RegisteredHere: true, Tenure: Tenant}}, Apart},
	} {
		if got := KindOf(c.list); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPersons(t *testing.T) {
	ok := Person{Name: "张三", Identity: "11010519491231002X", Phone: "13812345678"}
	with := func(change func(*Person)) Person { p := ok; change(&p); return p }
	for _, c := range []struct {
		name  string
		in    Person
		odd   bool
		field string // of the refusal; "": none
		born  string
		wrong bool
	}{
		{"as on the card", ok, false, "", "1949-12-31", false},
		{"in small letters and with spaces", with(func(p *Person) { p.Identity = "110105 19491231 002x" }), false, "", "1949-12-31", false},
		{"without a number", with(func(p *Person) { p.Identity, p.Phone = "", "" }), false, "", "", false},
		{"a wrong check digit", with(func(p *Person) { p.Identity = "110105194912310021" }), false, "identityNumber", "", false},
		{"a wrong check digit that stands so", with(func(p *Person) { p.Identity = "110105194912310021" }), true, "", "1949-12-31", true},
		{"a right one of which it was said", ok, true, "", "1949-12-31", false},
		{"a short number that stands so", with(func(p *Person) { p.Identity = "1101051949" }), true, "identityNumber", "", false},
		{"born on no day", with(func(p *Person) { p.Identity = "11010519490231002X" }), true, "identityNumber", "", false},
		{"another day of birth", with(func(p *Person) { p.Born = "1949-12-30" }), false, "birthDate", "", false},
		{"born tomorrow", with(func(p *Person) { p.Identity, p.Born = "", "2026-11-23" }), false, "birthDate", "", false},
		{"no name", with(func(p *Person) { p.Name = "  " }), false, "name", "", false},
		{"too long a name", with(func(p *Person) { p.Name = strings.Repeat("张", 51) }), false, "name", "", false},
		{"a name of two lines", with(func(p *Person) { p.Name = "张\n三" }), false, "name", "", false},
		{"words for a number", with(func(p *Person) { p.Phone = "家里" }), false, "phone", "", false},
	} {
		got, wrong, err := CheckPerson(c.in, c.odd, now)
		switch {
		case c.field == "" && (err != nil || got.Born != c.born || wrong != c.wrong):
			t.Errorf("%s: %+v, %v, %v", c.name, got, wrong, err)
		case c.field != "" && (!fault.Is(err, fault.Invalid) || fault.As(err).Field != c.field):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestResidencies(t *testing.T) {
	today := day("2026-11-22")
	until := day("2026-11-22")
	for name, c := range map[string]struct {
		r    Residency
		want string
	}{
		"living here":       {Residency{LivesHere: true, Tenure: Tenant, From: today}, ""},
		"neither":           {Residency{Tenure: Tenant, From: today}, "livesHere"},
		"by no right":       {Residency{LivesHere: true, Tenure: "SQUATTER", From: today}, "tenure"},
		"in two years":      {Residency{LivesHere: true, Tenure: Tenant, From: day("2028-11-22")}, "from"},
		"over before begun": {Residency{LivesHere: true, Tenure: Tenant, From: today, Until: &until}, "until"},
	} {
		err := CheckResidency(c.r, today)
		if (err == nil) != (c.want == "") || err != nil && fault.As(err).Field != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPurposes(t *testing.T) {
	for _, c := range []struct {
		why  Why
		want string
	}{
		{Why{audit.Visit, ""}, ""},
		{Why{audit.Incident, "SJ-2026-17"}, ""},
		{Why{audit.Incident, ""}, "caseNumber"},
		{Why{audit.Authority, ""}, "caseNumber"},
		{Why{"CURIOSITY", ""}, "purpose"},
		{Why{"", ""}, "purpose"},
		{Why{audit.Visit, "13812345678"}, "caseNumber"},
		{Why{audit.Visit, "SJ-2026-11010519491231"}, "caseNumber"},
		{Why{audit.Visit, "张三"}, "caseNumber"},
	} {
		err := c.why.Check()
		if (err == nil) != (c.want == "") || err != nil && fault.As(err).Field != c.want {
			t.Errorf("%+v: %v", c.why, err)
		}
	}
}

func TestTags(t *testing.T) {
	ok := Tag{LegalBasis: "《残疾人保障法》", SetOn: day("2026-11-22"), ReviewOn: day("2027-05-01"), ExpiresOn: day("2027-11-22")}
	for name, c := range map[string]struct {
		change func(*Tag)
		want   string
	}{
		"as it should be":         {func(*Tag) {}, ""},
		"without a legal basis":   {func(t *Tag) { t.LegalBasis = "" }, "legalBasis"},
		"never reviewed":          {func(t *Tag) { t.ReviewOn = day("2028-01-01"); t.ExpiresOn = t.ReviewOn }, "reviewOn"},
		"for ever":                {func(t *Tag) { t.ExpiresOn = day("2036-01-01") }, "reviewOn"},
		"over before it is right": {func(t *Tag) { t.ExpiresOn = day("2027-01-01") }, "reviewOn"},
	} {
		tag := ok
		c.change(&tag)
		err := CheckTag(tag)
		if (err == nil) != (c.want == "") || err != nil && fault.As(err).Field != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if ok.expired(day("2027-11-21")) || !ok.expired(day("2027-11-22")) {
		t.Error("it expires on another day than it says")
	}
}

func TestAnswers(t *testing.T) {
	f := Form{Version: 1, Items: []Item{{Key: "n", Kind: NumberItem}, {Key: "yes", Kind: YesNoItem}, {Key: "text", Kind: TextItem},
		{Key: "one", Kind: ChoiceItem, Options: []Option{{Key: "A"}, {Key: "B"}}}}}
	got, err := CheckAnswers(f, map[string]string{"n": " 3 ", "yes": "NO", "text": "", "one": "B"})
	if err != nil || len(got) != 3 || got["n"] != "3" {
		t.Errorf("%v, %v", got, err)
	}
	for name, answers := range map[string]map[string]string{
		"not asked for":       {"other": "1"},
		"no number":           {"n": "three"},
		"neither yes nor no":  {"yes": "PERHAPS"},
		"none of the choices": {"one": "C"},
		"too long":            {"text": strings.Repeat("长", 501)},
		"a control character": {"text": "a\x07"},
	} {
		if _, err := CheckAnswers(f, answers); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCategories(t *testing.T) {
	ok := Category{Code: "LONG_ILL", Chinese: "长期患病", English: "Long ill", LegalBasis: "《基本医疗卫生与健康促进法》"}
	if err := CheckCategory(ok); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Category){
		"a code in small letters": func(c *Category) { c.Code = "ill" },
		"no Chinese name":         func(c *Category) { c.Chinese = " " },
		"no English name":         func(c *Category) { c.English = "" },
		"no legal basis":          func(c *Category) { c.LegalBasis = "" },
	} {
		c := ok
		change(&c)
		if err := CheckCategory(c); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhatIsDoneWithFilesIsAskedForAsOne: whoever asks the audit who read personal data, or who changed it, is told of all.
func TestWhatIsDoneWithFilesIsAskedForAsOne(t *testing.T) {
	reads := []audit.Action{ReadFile, audit.OfMutation("revealResident"), Searched, Exported}
	for _, f := range []Field{Name, IdentityNumber, Phone, BirthDate} {
		reads = append(reads, Revealed+audit.Action(f))
	}
	for deeds, want := range map[audit.Deeds][]audit.Action{
		audit.ReadPersonal:   reads,
		audit.ChangePersonal: {Created, Changed, MovedIn, MovedOut, Tagged, Untagged, Erased, MergedFiles, FilledIn, Imported, Expired},
	} {
		if got := slices.Sorted(slices.Values(deeds.Actions())); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s are %v, want %v", deeds, got, want)
		}
	}
}
