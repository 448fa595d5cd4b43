package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/domain/place"
	"wangge/internal/fault"
)

func TestHouseholdsJob(t *testing.T) {
	plain(t)
	f := file(t)
	base := strings.TrimSuffix(f, ".geojson")
	list := base + ".CSV"
	if err := os.WriteFile(list, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args          []string
		refused       string
		replace, skip bool
	}{
		{[]string{f}, base + ".refused.xlsx", false, false},
		{[]string{list}, base + ".refused.csv", false, false},
		{[]string{"--report", "x.csv", "--replace", f}, "x.csv", true, false},
		{[]string{"--skip-refused", f}, base + ".refused.xlsx", false, true},
	} {
		p := &recorder{report: place.Report{Read: 3, Added: 3, Ended: 2}}
		code, out, errOut := call(t, p, append([]string{"import", "households"}, c.args...)...)
		j := p.imported
		if code != ok || out != "3 households read, 3 added, 0 updated, 0 refused\n" || !strings.Contains(errOut, "2 households end") ||
			j.Refused != c.refused || j.Replace != c.replace || j.SkipRefused != c.skip || j.Language != fault.English {
			t.Errorf("%v: exit %d, %q, %q, %+v", c.args, code, out, errOut, j)
		}
	}
}

func TestReasonsAreInTheTerminalsLanguage(t *testing.T) {
	plain(t)
	said := fault.New(fault.Invalid, "", "forbidden")
	report := place.Report{Read: 1}
	report.Refuse(place.NewNote("row 2", "B1", "building", said))
	for lang, want := range map[string]string{"C": "row 2 (B1), building: This needs an operator.", "zh_CN.UTF-8": "拒绝：row 2 (B1), building: 此操作需要管理员权限。\n原因已写入 "} {
		t.Setenv("LC_ALL", lang)
		code, _, errOut := call(t, &recorder{report: report}, "import", "households", file(t))
		if code != failed || !strings.Contains(errOut, want) || !strings.Contains(errOut, ".refused.xlsx") {
			t.Errorf("%s: exit %d, %s", lang, code, errOut)
		}
	}
}

func TestTemplate(t *testing.T) {
	plain(t)
	path := filepath.Join(t.TempDir(), "list.xlsx")
	if code, out, _ := call(t, &recorder{}, "template", "households", path); code != ok || out != "template written to "+path+"\n" {
		t.Errorf("exit %d, %q", code, out)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "a workbook" {
		t.Errorf("%q, %v", text, err)
	}
	p := &recorder{}
	if code, _, _ := call(t, p, "template", "residents", filepath.Join(t.TempDir(), "people.xlsx")); code != ok || p.did != "template residents" {
		t.Errorf("exit %d, %s", code, p.did)
	}
	for _, args := range [][]string{{"template", "households", path}, {"template", "households", "list.csv"}, {"template", "grids", "x.xlsx"}} {
		if code, out, errOut := call(t, &recorder{}, args...); code != misused || out != "" || strings.Count(errOut, "\n") != 1 {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, errOut)
		}
	}
}

func TestRefusedFileIsNamedOnce(t *testing.T) {
	base := filepath.Join(t.TempDir(), "list")
	for _, name := range []string{".refused.csv", ".refused-2.csv"} {
		if err := os.WriteFile(base+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		list string
		keep bool
		want string
	}{
		{".csv", false, ".refused.csv"}, {".csv", true, ".refused-3.csv"}, {".xlsx", true, ".refused.xlsx"}, {".refused.csv", false, ".refused-2.csv"},
		{".refused-2.csv", false, ".refused.csv"}, {".refused.csv", true, ".refused-3.csv"}, {".refused.xlsx", false, ".refused-2.xlsx"},
	} {
		if got := refusedFile(base+c.list, c.keep); got != base+c.want {
			t.Errorf("%s: %s; want %s", c.list, got, c.want)
		}
	}
}

func TestASummaryInChinese(t *testing.T) {
	plain(t)
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	report := place.Report{Read: 9, Ended: 2, Unchanged: 7, Notes: []place.Note{{Kind: place.NoPlace}}}
	_, out, errOut := call(t, &recorder{report: report}, "import", "households", "--dry-run", file(t))
	for _, want := range []string{"2 户已注销", "7 行无变化", "试运行：未做任何更改", "1 个单位没有位置"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("%s is missing in %s", want, errOut)
		}
	}
	if out != "9 households read, 0 added, 0 updated, 0 refused\n" {
		t.Error(out)
	}
	path := filepath.Join(t.TempDir(), "list.xlsx")
	if _, out, _ := call(t, &recorder{}, "template", "households", path); out != "模板已写入 "+path+"\n" {
		t.Error(out)
	}
}
