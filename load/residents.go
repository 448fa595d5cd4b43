package load

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"wangge/domain/account"
	"wangge/domain/civil"
	"wangge/domain/place"
	"wangge/domain/resident"
	"wangge/internal/cell"
	"wangge/internal/fault"
	"wangge/load/sheet"
)

// No sentence here quotes a cell: a list of people is read.
var _ = fault.Register(
	[3]string{"residents.noHeader", "None of the first 10 rows names the columns. A list of residents needs 楼栋编号/building, 房号/room, 姓名/name and 居住性质/tenure.", "前 10 行中没有列名。居民名单须有“楼栋编号”“房号”“姓名”和“居住性质”。"},
	[3]string{"residents.twoColumns", "Two columns both say {field}: choose one, --field {field}=COLUMN.", "有两列都表示 {field}：请用 --field {field}=列名 选择其一。"},
	[3]string{"residents.noColumn", "--field {field}={column}: there is no such column.", "--field {field}={column}：没有该列。"},
	[3]string{"residents.cell", "{field} ({cell}) cannot be read: format the column as text and type it again.", "{field}（单元格 {cell}）无法读取：请将该列设为文本格式后重新填写。"},
	[3]string{"residents.yesNo", "{field} ({cell}): 是 or 否, yes or no.", "{field}（单元格 {cell}）：请填写是或否。"},
	[3]string{"residents.day", "{field} ({cell}) is no day: write it as 2026-03-01.", "{field}（单元格 {cell}）不是日期：请写作 2026-03-01。"},
)

// residentColumns are the columns of a list of residents.
var residentColumns = []listColumn{
	{"building", "楼栋编号", "楼栋编码 楼栋代码 楼编号 buildingcode", [2]string{"Code of the building.", "楼栋的编号。"}},
	{"unit", "单元", "单元号 单元名称", [2]string{"Stairwell: 2单元, or 2. Empty where there is only one.", "单元，如 2单元 或 2；只有一个单元时可不填。"}},
	{"room", "房号", "室号 房间号", [2]string{"Room: 301. Its household must be known already.", "房号，如 301；该户须已登记。"}},
	{"number", "户号", "户编号", [2]string{"Only where a room has several households: tells them apart.", "同一房号有多户时用来区分。"}},
	{"name", "姓名", "居民姓名", [2]string{"Name, as on the identity card.", "姓名，与身份证一致。"}},
	{"identity_number", "身份证号", "身份证号码 身份证 证件号码 公民身份号码 idnumber", [2]string{"18 characters. Empty where not known.", "18 位身份证号码；不详时不填。"}},
	{"phone", "电话", "联系电话 手机 手机号 手机号码 联系方式", [2]string{"Telephone.", "联系电话。"}},
	{"birth_date", "出生日期", "生日 出生年月日", [2]string{"2026-03-01. Empty: taken from the identity number.", "写作 2026-03-01；不填时取自身份证号码。"}},
	{"registered_here", "户籍在此", "是否户籍 户籍", [2]string{"Registered with this household? Empty: no.", "户籍是否在本户；不填为否。"}},
	{"lives_here", "居住在此", "是否居住 常住", [2]string{"Lives here? Empty: yes.", "是否居住在此；不填为是。"}},
	{"tenure", "居住性质", "与房屋关系 居住类型", [2]string{"OWNER, FAMILY, TENANT, EMPLOYER or GUEST.", "产权人、家庭成员、承租人、单位住房或借住。"}},
	{"from", "起始日期", "入住日期 迁入日期", [2]string{"First day. Empty: today.", "起始日期；不填为今天。"}},
}

// neededColumns are those that a list is known by.
var neededColumns = []string{"building", "room", "name", "tenure"}

var tenures = map[string]resident.Tenure{"产权人": resident.Owner, "业主": resident.Owner, "自有": resident.Owner, "家庭成员": resident.Family, "家属": resident.Family,
	"承租人": resident.Tenant, "租户": resident.Tenant, "租住": resident.Tenant, "单位住房": resident.Employer, "借住": resident.Guest}

var yesNo = map[string]bool{"是": true, "yes": true, "y": true, "1": true, "true": true, "否": false, "no": false, "n": false, "0": false, "false": false}

// residentFile is a list of residents that is open.
type residentFile struct {
	job     Job
	table   *sheet.Reader
	header  sheet.Row
	columns map[string]int // our name → column
	rows    int
}

func openResidents(ctx context.Context, job Job) (_ *residentFile, err error) {
	t := &residentFile{job: job}
	if t.table, err = openList(ctx, job, "residents.noHeader", t.understand); err != nil {
		return nil, err
	}
	return t, nil
}

// understand reports whether row names the columns, and keeps which they are.
func (t *residentFile) understand(row sheet.Row) (bool, error) {
	known, chosen := titles(residentColumns), t.job.titles()
	columns := map[string]int{}
	for i, title := range row.Cells {
		ours, ok := chosen[strings.TrimSpace(title.Text)]
		if !ok {
			if ours, ok = meant(known, title.Text); !ok || t.job.Fields[ours] != "" {
				continue
			}
		}
		if _, twice := columns[ours]; twice {
			return false, fault.New(fault.Invalid, "file", "residents.twoColumns", "field", ours)
		}
		columns[ours] = i
	}
	for _, name := range neededColumns {
		if _, ok := columns[name]; !ok {
			return false, nil
		}
	}
	for _, ours := range slices.Sorted(maps.Keys(t.job.Fields)) {
		if _, ok := columns[ours]; !ok {
			return false, fault.New(fault.Invalid, "file", "residents.noColumn", "field", ours, "column", fault.Shorten(t.job.Fields[ours], 40))
		}
	}
	t.header, t.columns = row, columns
	return true, nil
}

// all yields the lines of the list.
func (t *residentFile) all() iter.Seq2[resident.ImportRow, error] {
	return linesOf(t.job, t.table, &t.rows, t.row)
}

// row is what the list says in one line.
func (t *residentFile) row(row sheet.Row) (r resident.ImportRow, err error) {
	r.Source = sourceIn(t.job.Language, "row "+strconv.Itoa(row.Number))
	refuse := func(field, sentence string) {
		if err == nil {
			i := t.columns[field]
			title := fault.Shorten(strings.TrimSpace(t.header.Cells[i].Text), 40)
			err = &resident.RowError{Source: r.Source, Fault: fault.New(fault.Invalid, field, sentence, "field", title, "cell", sheet.CellName(i, row.Number))}
		}
	}
	at := func(field string) (sheet.Cell, bool) {
		i, ok := t.columns[field]
		if !ok || i >= len(row.Cells) {
			return sheet.Cell{}, false
		}
		return row.Cells[i], true
	}
	text := func(field string) string {
		c, _ := at(field)
		if c.Kind != sheet.Plain {
			refuse(field, "residents.cell")
		}
		return strings.TrimSpace(cell.Unguard(strings.TrimSpace(c.Text)))
	}
	yes := func(field string, otherwise bool) bool {
		said := strings.ToLower(halfWidth(text(field)))
		is, ok := yesNo[said]
		if !ok {
			if said != "" {
				refuse(field, "residents.yesNo")
			}
			return otherwise
		}
		return is
	}
	day := func(field string) string {
		c, _ := at(field)
		said := strings.TrimSpace(c.Text)
		if n, err := strconv.ParseFloat(said, 64); c.Kind == sheet.Date && err == nil && n > 0 && n < 1e6 { // days since the end of 1899, as Excel counts
			return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n)).Format(time.DateOnly)
		}
		if c.Kind != sheet.Plain {
			refuse(field, "residents.day")
			return ""
		}
		for _, form := range []string{time.DateOnly, "2006/1/2", "2006.1.2", "20060102", "2006年1月2日"} {
			if d, err := time.Parse(form, halfWidth(said)); err == nil {
				return d.Format(time.DateOnly)
			}
		}
		if said != "" {
			refuse(field, "residents.day")
		}
		return ""
	}
	settled, contradiction := place.HouseholdRow{Source: r.Source, Building: text("building"), Unit: halfWidth(text("unit")), Room: halfWidth(text("room")), Number: text("number")}.Settle()
	if contradiction != nil {
		refuse("room", "residents.cell")
	}
	r.Building, r.Unit, r.Room, r.Number = settled.Building, settled.Unit, settled.Room, settled.Number
	r.Person = resident.Person{Name: text("name"), Identity: text("identity_number"), Phone: halfWidth(text("phone")), Born: day("birth_date")}
	said := halfWidth(text("tenure"))
	tenure, known := tenures[said]
	if !known {
		tenure = resident.Tenure(strings.ToUpper(said)) // a word of ours, or refused
	}
	r.Residency = resident.Residency{RegisteredHere: yes("registered_here", false), LivesHere: yes("lives_here", true), Tenure: tenure}
	if from := day("from"); from != "" {
		if d, e := civil.Parse(from); e == nil {
			r.Residency.From = d
		} else {
			refuse("from", "residents.day")
		}
	}
	return r, err
}

// importResidents is Import for a list of residents.
func importResidents(ctx context.Context, actor account.Actor, to Services, job Job) (report place.Report, err error) {
	if to.Residents == nil {
		return report, fault.New(fault.Unavailable, "", "unavailable", "what", "residents")
	}
	district, err := districtOf(ctx, actor, to, job.Division)
	if err != nil {
		return report, err
	}
	t, err := openResidents(ctx, job)
	if err != nil {
		return report, err
	}
	defer t.table.Close()
	done, err := to.Residents.Import(ctx, actor, t.all(), resident.ImportOptions{Why: job.Why, District: district, DryRun: job.DryRun})
	report = place.Report{Read: done.Read, Added: done.Added, Updated: done.Updated, Refused: len(done.Refused)}
	for _, bad := range done.Refused {
		report.Notes = append(report.Notes, place.NewNote(bad.Source, "", bad.Fault.Field, bad.Fault))
	}
	return report, err
}
