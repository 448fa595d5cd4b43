package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"

	"wangge/db"
	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/resident"
	"wangge/domain/secret"
	"wangge/internal/fault"
	"wangge/internal/traces"
	"wangge/load"
)

// TestAListOfResidents: people are entered in households that are known, and brought up to date by the same list; a wrong line refuses all, and is told by its place and not its content.
func TestAListOfResidents(t *testing.T) {
	w := twoDistricts(t)
	ctx := t.Context()
	ring, err := secret.NewRing(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.Residents = &resident.Service{Store: db.NewResidents(w.DB), Now: time.Now, Zone: w.Staff.Zone, IDs: key.Random{}, Recorder: unrecorded{},
		Keys: &secret.Keys{Ring: func() (*secret.Ring, error) { return ring, nil }, Store: db.NewSecrets(w.DB), Now: time.Now, NewID: key.Random{}.NewID}}
	w.mustBring(t, load.Job{Kind: load.Households, Path: file(t, "h.csv", "building,unit,room,residents\nb1,1,301,2\nb1,2,301,1\nb2,1,101,3\n")})

	const head = "楼栋编号,单元,房号,姓名,身份证号,电话,出生日期,户籍在此,居住在此,居住性质,起始日期\n"
	const name, number, phone = "欧阳植入明", "11010519491231002X", "13812345678"
	traces.Plant(t, "a value of a list of residents", name, number, phone, "440524188001010014")
	good := head + "b1,1单元,301室," + name + "," + number + ",'" + phone + ",,是,是,业主,2020/1/5\nb1,,1-301,张三,,,1980-02-03,否,是,承租人,\nb2,,101,李四,440524188001010014,,,是,是,产权人,\n"
	job := func(list string) load.Job {
		return load.Job{Kind: load.Residents, Path: file(t, "r.csv", list), Why: resident.Why{Purpose: audit.Requested}}
	}
	people := func() (n int) {
		t.Helper()
		err := w.As(ctx, account.TheKeeper(), func(ctx context.Context, tx pgx.Tx) error {
			return tx.QueryRow(ctx, "SELECT count(*) FROM resident r JOIN residency i ON i.district = r.district AND i.resident_id = r.id").Scan(&n)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	dry := job(good)
	dry.DryRun = true
	if r := w.bring(t, dry); r.Read != 3 || r.Added != 3 || r.Refused != 0 || people() != 0 {
		t.Fatalf("tried: %+v, %d people", r, people())
	}
	if r := w.bring(t, job(good)); r.Read != 3 || r.Added != 3 || r.Refused != 0 || people() != 3 {
		t.Fatalf("taken in: %+v, %d people", r, people())
	}
	if r := w.bring(t, job(good)); r.Added != 0 || r.Updated != 0 || r.Refused != 0 || people() != 3 {
		t.Errorf("again: %+v, %d people", r, people())
	}
	if r := w.bring(t, job(strings.Replace(good, "张三,,,", "张三,,0351-7654321,", 1))); r.Added != 0 || r.Updated != 1 || r.Refused != 0 || people() != 3 {
		t.Errorf("with a telephone: %+v, %d people", r, people())
	}
	for _, c := range []struct{ name, line, field string }{
		{"a wrong check digit", "b1,1单元,301," + name + ",110105194912310021," + phone + ",,是,是,业主,", "identityNumber"},
		{"half a number", "b1,1单元,301," + name + "," + number[:12] + ",,,是,是,业主,", "identityNumber"},
		{"words for a telephone", "b1,1单元,301," + name + ",," + phone + "小张,,是,是,业主,", "phone"},
		{"no day", "b1,1单元,301," + name + ",,,1949年末,是,是,业主,", "birth_date"},
		{"neither yes nor no", "b1,1单元,301," + name + ",,,," + phone + ",是,业主,", "registered_here"},
		{"by no right", "b1,1单元,301," + name + ",,,,是,是," + name + ",", "tenure"},
		{"no such room", "b1,1单元," + phone[:6] + "," + name + ",,,,是,是,业主,", "room"},
		{"which of two units", "b1,,301," + name + ",,,,是,是,业主,", "number"},
		{"somebody of another household", "b2,,101," + name + "," + number + ",,,是,是,家庭成员,", "identity_number"},
	} {
		r := w.bring(t, job(good+"b2,,101,新来,,,,否,是,借住,\n"+c.line+"\n")) // of whom the fourth would be new
		if r.Read != 5 || r.Added != 0 || r.Refused != 1 || len(r.Notes) != 1 || people() != 3 {
			t.Errorf("%s: %+v, %d people", c.name, r, people())
			continue
		}
		n := r.Notes[0]
		said := fmt.Sprintf("%+v %s %s", n, n.In(fault.English), n.In(fault.Chinese))
		if n.Source != "row 6" || n.Field != c.field || n.Kind != place.Refused {
			t.Errorf("%s: %s", c.name, said)
		}
		for _, value := range []string{name, number[:12], phone, "小张", "年末"} {
			if strings.Contains(said, value) {
				t.Errorf("%s tells %s: %s", c.name, value, said)
			}
		}
	}
	// The template, with the lines of its second sheet: those are read from there by nobody.
	var empty bytes.Buffer
	if err := load.ResidentTemplate(&empty); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&empty)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	list, examples := book.GetSheetName(0), book.GetSheetName(1)
	if rules, err := book.GetDataValidations(list); err != nil || len(rules) != 3 || !strings.Contains(rules[0].Formula1+rules[1].Formula1+rules[2].Formula1, "承租人") {
		t.Errorf("validation %+v, %v", rules, err)
	}
	path := filepath.Join(t.TempDir(), "filled.xlsx")
	filled := func(want string) {
		t.Helper()
		if err := book.SaveAs(path); err != nil {
			t.Fatal(err)
		}
		r := w.bring(t, load.Job{Kind: load.Residents, Path: path, DryRun: true, Why: resident.Why{Purpose: audit.Requested}})
		if got := fmt.Sprintf("%d read, %d added, %d refused", r.Read, r.Added, r.Refused); got != want {
			t.Errorf("the template: %s, want %s: %+v", got, want, r.Notes)
		}
	}
	filled("0 read, 0 added, 0 refused")
	lines, err := book.GetRows(examples)
	if err != nil || len(lines) != 5 {
		t.Fatal(lines, err)
	}
	for i, line := range lines[2:] {
		line[0], line[1], line[2], line[3], line[5] = "b1", "1单元", "301", "", "" // a household that is known, and nobody's number
		if err := book.SetSheetRow(list, fmt.Sprintf("A%d", i+3), &line); err != nil {
			t.Fatal(err)
		}
	}
	filled("3 read, 3 added, 0 refused")
	for name, c := range map[string]struct {
		actor account.Actor
		job   load.Job
		code  fault.Code
	}{
		"by the public":   {account.Anyone(), job(good), fault.Forbidden},
		"for no purpose":  {operator, load.Job{Kind: load.Residents, Path: job(good).Path}, fault.Invalid},
		"without columns": {operator, job("a,b\n1,2\n"), fault.Invalid},
	} {
		if _, err := load.Import(ctx, c.actor, w.Services, c.job); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
