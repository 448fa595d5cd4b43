package staff

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"wangge/internal/fault"
)

// The API's own words for the posts stand in its schema; those of people are the same.
func TestEveryPostIsCalledAsTheSchemaCallsIt(t *testing.T) {
	schema, err := os.ReadFile("../../graph/schema/staff.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	enum := regexp.MustCompile(`(?s)enum Post \{(.*?)\n\}`).FindSubmatch(schema)
	if enum == nil {
		t.Fatal("the schema has no enum Post")
	}
	listed := regexp.MustCompile(`"([^"\n]+)"\n\s*([A-Z_]+)`).FindAllSubmatch(enum[1], -1)
	if len(listed) != len(postNames) {
		t.Errorf("%d posts in the schema, %d here", len(listed), len(postNames))
	}
	seen := map[string]bool{}
	for _, m := range listed {
		p := Post(m[2])
		zh, en := p.Text(fault.Chinese), p.Text(fault.English)
		if zh != string(m[1]) || en == "In charge" || seen[en] {
			t.Errorf("%s is %q, %q in the schema; in English %q", p, zh, m[1], en)
		}
		seen[en] = true
	}
	if Post("OTHER").Text(fault.English) != "In charge" || Post("OTHER").Text(fault.Chinese) != "负责人" {
		t.Error("a post that there is not has a name")
	}
}

func TestDuties(t *testing.T) {
	written := append(GeneralDuties(fault.Chinese), "汛期查看沿河低洼处")
	if got := Duties(written, fault.English); !slices.Equal(got, append(GeneralDuties(fault.English), "汛期查看沿河低洼处")) {
		t.Errorf("in English %q", got)
	}
	if got := Duties(written, fault.Chinese); !slices.Equal(got, written) || written[0] != GeneralDuties(fault.Chinese)[0] {
		t.Errorf("in Chinese %q", got)
	}
}
