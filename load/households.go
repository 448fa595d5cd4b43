package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"wangge/domain/account"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/internal/fault"
	"wangge/load/sheet"
)

var _ = fault.Register(
	[3]string{"household.personal", "Column {columns}: a list of households says how many people each has, not who they are. Delete the column, or take the list in with import residents; nothing was read.",
		"列 {columns}：住户清单只登记每户人数，不含个人信息。请删除该列，或改用 import residents 导入；未读取任何数据。"},
	[3]string{"household.noHeader", "None of the first 10 rows names the columns. A list needs 楼栋编号/building (or 小区/estate and 楼栋/building_name, or 地址/address), and 单元/unit or 房号/room; \"wangge template households FILE.xlsx\" writes one.",
		"前 10 行中没有列名。名单须有“楼栋编号”（或“小区”和“楼栋”，或“地址”），以及“单元”或“房号”；可用 wangge template households FILE.xlsx 生成模板。"},
	[3]string{"household.twoColumns", "Columns {a} and {b} both say {field}: choose one, --field {field}=COLUMN.", "列 {a} 和 {b} 都表示 {field}：请用 --field {field}=列名 选择其一。"},
	[3]string{"household.noColumn", "--field {field}={column}: there is no such column; there are {columns}.", "--field {field}={column}：没有该列；现有列：{columns}。"},
	[3]string{"household.wholeList", "--replace needs the whole list: rows left out by --skip-refused would end their households.", "--replace 需要完整名单：与 --skip-refused 同用会误注销被跳过的住户。"},
	[3]string{"household.division", "--division {code} is larger than a district.", "--division {code} 大于区县。"},
	[3]string{"household.date", "{field} ({cell}) is a date, which Excel makes of 3-12: format the column as text and type it again.", "{field}（单元格 {cell}）变成了日期（Excel 会把 3-12 变成日期）：请将该列设为文本格式后重新填写。"},
	[3]string{"household.cellError", "{field} ({cell}) is an error of the spreadsheet: {text}.", "{field}（单元格 {cell}）是表格错误值 {text}。"},
	[3]string{"household.formula", "{field} ({cell}) is a formula without its result: open the file in a spreadsheet and save it.", "{field}（单元格 {cell}）是没有计算结果的公式：请用表格软件打开并保存后再导入。"},
	[3]string{"household.ignored", "The column {column} is not read.", "未读取列 {column}。"},
	[3]string{"household.reportFormat", "--report {file}: a list is written as .xlsx or .csv.", "--report {file}：只能写为 .xlsx 或 .csv。"},
	[3]string{"household.reportSame", "--report {file} is the file that is imported: choose another name.", "--report {file} 与导入文件相同：请另选文件名。"},
	[3]string{"household.reportUnwritable", "{file} cannot be written; name another with --report.", "无法写入 {file}；请用 --report 指定其他文件。"},
)

// listColumn is a column of a list of households or residents: our name, how a Chinese list calls it, other names, and what it is for.
type listColumn struct {
	name, chinese, others string
	help                  [2]string // English, Chinese
}

var householdColumns = []listColumn{
	{"building", "楼栋编号", "楼栋编码 楼栋代码 楼编号 建筑编号 buildingcode", [2]string{"Code of the building. Without it: estate and building, or address.", "楼栋的编号；没有时填写小区和楼栋，或地址。"}},
	{"estate", "小区", "小区名称 小区名", [2]string{"Name of the estate.", "小区名称。"}},
	{"building_name", "楼栋", "楼栋名称 楼号 楼栋号 幢", [2]string{"Name of the building in its estate: 7号楼.", "楼栋名称，如 7号楼。"}},
	{"address", "地址", "门牌地址 楼栋地址 详细地址", [2]string{"Address of the building.", "楼栋的门牌地址。"}},
	{"unit", "单元", "单元号 单元名称", [2]string{"Stairwell: 2单元, or 2. Empty where there is only one.", "单元，如 2单元 或 2；只有一个单元时可不填。"}},
	{"room", "房号", "室号 房间号 室 房间", [2]string{"Room: 301. Empty: the row is a unit without a household.", "房号，如 301；不填则只登记单元。"}},
	{"number", "户号", "户编号 household householdnumber", [2]string{"Only where a room has several households: tells them apart.", "同一房号有多户时用来区分。"}},
	{"residents", "人数", "居住人数 人口 人口数 常住人数 居民人数 people", [2]string{"How many people live there. No names.", "居住人数。不要填写姓名。"}},
	{"use", "用途", "房屋用途 使用情况 居住情况 房屋状态", [2]string{"OWNER, RENTED, VACANT or BUSINESS.", "自住、出租、空置或经营。"}},
	{"rental_management", "租赁管理", "租赁管理类别 出租管理", [2]string{"Kind of rental management.", "租赁管理类别。"}},
}

// meant is the column that a heading means, or a part of it where it is one like 楼栋编号/building.
func meant(known map[string]string, heading string) (ours string, ok bool) {
	for part := range strings.SplitSeq(heading, "/") {
		if ours, ok = known[headerForm(part)]; ok {
			return ours, true
		}
	}
	return "", false
}

// problemColumn is the column that the file of refused rows has besides.
const problemColumn = "问题/Problem"

// householdUses by the names that lists give them besides ours.
var householdUses = map[string]place.DwellingUse{"自住": place.OwnerUse, "自有": place.OwnerUse, "自住房": place.OwnerUse, "出租": place.RentedUse,
	"租住": place.RentedUse, "租赁": place.RentedUse, "出租房": place.RentedUse, "空置": place.VacantUse, "空房": place.VacantUse, "空置房": place.VacantUse,
	"经营": place.BusinessUse, "商用": place.BusinessUse, "商业": place.BusinessUse, "经营用房": place.BusinessUse}

// personalWords are in the names of columns that hold a person's data. A file that has one is refused: whoever saw it taken in
// would believe the data kept, and the list with names would go on being sent around.
var personalWords = []string{"姓名", "户主", "身份证", "证件", "电话", "手机", "联系方式", "联系人", "出生", "生日", "性别", "民族", "籍贯", "微信", "邮箱",
	"phone", "mobile", "telephone", "email", "idnumber", "idcard", "idno", "birth", "passport", "surname", "firstname", "lastname", "fullname", "gender"}

var personalNames = []string{"name", "tel", "sex", "id", "contact", "householder", "owner", "tenant", "租客", "房东", "业主", "承租人"}

func personal(header string) bool {
	return slices.Contains(personalNames, header) || slices.ContainsFunc(personalWords, func(w string) bool { return strings.Contains(header, w) })
}

// headerForm is a column's name as it is compared: without spaces, marks, case, width and what stands in parentheses.
func headerForm(s string) string {
	s = strings.NewReplacer("（", "(", "）", ")", "：", ":", "＊", "*").Replace(halfWidth(s))
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-*:.\t\r\n", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// halfWidth writes letters, digits and a few signs that stand in full width as in ASCII.
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ', r == '＃', r == '－', r == '．':
			return r - 0xfee0
		case r == '\u3000', r == '\u00a0':
			return ' '
		}
		return r
	}, s)
}

// householdFile is a list of households that is open.
type householdFile struct {
	job     Job
	table   *sheet.Reader
	above   []sheet.Row // before the header
	header  sheet.Row
	columns map[string]int // our name → column
	problem int            // the column of reasons
	ignored []string
	rows    int
}

// openHouseholds opens a list and finds out what its columns mean.
func openHouseholds(ctx context.Context, job Job) (_ *householdFile, err error) {
	t := &householdFile{job: job}
	t.table, err = openList(ctx, job, "household.noHeader", func(row sheet.Row) (bool, error) {
		found, err := t.understand(row)
		if !found && err == nil {
			t.above = append(t.above, row)
		}
		return found, err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// openList opens a table and reads it up to the row that names the columns, of the first ten the one that understand finds to do so. INVALID, by the sentence noHeader: none does.
func openList(ctx context.Context, job Job, noHeader string, understand func(sheet.Row) (bool, error)) (*sheet.Reader, error) {
	table, err := sheet.Open(ctx, job.Path, sheet.Options{Sheet: job.Options.Layer, Encoding: job.Options.Encoding})
	if err != nil {
		return nil, inFile(job.Path, err)
	}
	for range 10 {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		found := false
		if err == nil {
			found, err = understand(row)
		}
		if err != nil {
			return nil, errors.Join(inFile(job.Path, err), table.Close())
		}
		if found {
			return table, nil
		}
	}
	return nil, errors.Join(fault.New(fault.Invalid, "file", noHeader), table.Close())
}

func inFile(path string, err error) error {
	var whole *FileError
	if errors.As(err, &whole) {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return err
}

// titles are our names of columns by what lists call them, as headerForm compares it.
func titles(columns []listColumn) map[string]string {
	known := map[string]string{}
	for _, c := range columns {
		for _, name := range append(strings.Fields(c.others), c.name, c.chinese) {
			known[headerForm(name)] = c.name
		}
	}
	return known
}

// titles are our names of columns by what the file calls them, as --field says.
func (j Job) titles() map[string]string {
	named := map[string]string{}
	for ours, theirs := range j.Fields {
		named[theirs] = ours
	}
	return named
}

// understand reports whether row names the columns, and which they are.
func (t *householdFile) understand(row sheet.Row) (bool, error) {
	known, named := titles(householdColumns), t.job.titles()
	columns, problem := map[string]int{}, len(row.Cells)
	var people, ignored, all []string
	for i, cell := range row.Cells {
		title := strings.TrimSpace(cell.Text)
		form := headerForm(title)
		if form == "" {
			continue
		}
		all = append(all, title)
		ours, ok := named[title]
		if !ok {
			ours, ok = meant(known, title)
			if _, other := t.job.Fields[ours]; ok && other {
				ok = false // --field says that another column has it
			}
		}
		if !ok {
			switch {
			case title == problemColumn:
				problem = i
			case personal(form):
				people = append(people, title)
			default:
				ignored = append(ignored, title)
			}
			continue
		}
		if other, twice := columns[ours]; twice {
			return true, fault.New(fault.Invalid, "file", "household.twoColumns", "field", ours, "a", row.Cells[other].Text, "b", title)
		}
		columns[ours] = i
	}
	_, unit := columns["unit"]
	_, room := columns["room"]
	if len(columns)+len(people) < 2 || !unit && !room {
		return false, nil
	}
	if len(people) > 0 {
		return true, fault.New(fault.Invalid, "file", "household.personal", "columns", fault.Shorten(strings.Join(people, ", "), 200))
	}
	for _, ours := range slices.Sorted(maps.Keys(t.job.Fields)) {
		if _, ok := columns[ours]; !ok {
			return true, fault.New(fault.Invalid, "file", "household.noColumn", "field", ours, "column", t.job.Fields[ours], "columns", fault.Shorten(strings.Join(all, ", "), 400))
		}
	}
	t.header, t.columns, t.problem, t.ignored = row, columns, problem, ignored
	return true, nil
}

// source is how a row is named in reports.
func (t *householdFile) source(row sheet.Row) string {
	return sourceIn(t.job.Language, "row "+strconv.Itoa(row.Number))
}

// sourceIn is the name of a row, "row 3" or "feature 3", in the language of a report.
func sourceIn(lang fault.Language, source string) string {
	if lang != fault.Chinese {
		return source
	}
	for word, counter := range map[string]string{"row ": "行", "feature ": "条"} {
		if number, ok := strings.CutPrefix(source, word); ok && strings.Trim(number, "0123456789") == "" {
			return "第 " + number + " " + counter
		}
	}
	return source
}

// all yields the rows of the list.
func (t *householdFile) all() iter.Seq2[place.HouseholdRow, error] {
	return linesOf(t.job, t.table, &t.rows, t.row)
}

// linesOf yields the lines of a table as what they make, and counts them.
func linesOf[T any](job Job, table *sheet.Reader, lines *int, make func(sheet.Row) (T, error)) iter.Seq2[T, error] {
	tell := func() {
		if job.Progress != nil {
			done, total := table.Progress()
			job.Progress(done, total, *lines)
		}
	}
	return func(yield func(T, error) bool) {
		for {
			row, err := table.Next()
			if errors.Is(err, io.EOF) {
				tell()
				return
			}
			if err != nil {
				var none T
				yield(none, inFile(job.Path, err))
				return
			}
			if *lines++; *lines%500 == 0 {
				tell()
			}
			if !yield(make(row)) {
				return
			}
		}
	}
}

// row is what the list says of one household.
func (t *householdFile) row(row sheet.Row) (place.HouseholdRow, error) {
	r := place.HouseholdRow{Source: t.source(row)}
	var bad []error
	text := func(field string) string {
		i, ok := t.columns[field]
		if !ok || i >= len(row.Cells) {
			return ""
		}
		cell := row.Cells[i]
		if key, wrong := wrongCells[cell.Kind]; wrong {
			title := fault.Shorten(strings.TrimSpace(t.header.Cells[i].Text), 40)
			bad = append(bad, r.RefuseHousehold(field, key, "field", title, "cell", sheet.CellName(i, row.Number), "text", fault.Shorten(cell.Text, 20)))
		}
		return strings.TrimSpace(halfWidth(cell.Text))
	}
	r.Building, r.Estate, r.BuildingName, r.Address = text("building"), text("estate"), text("building_name"), text("address")
	r.Unit, r.Room, r.Number, r.RentalManagement = text("unit"), text("room"), text("number"), text("rental_management")
	use := text("use")
	var known bool
	if r.Use, known = householdUses[use]; !known {
		r.Use = place.DwellingUse(strings.ToUpper(use))
	}
	if said := text("residents"); said != "" {
		n, ok := people(said)
		if ok {
			r.Residents = n
		} else {
			bad = append(bad, r.RefuseHousehold("residents", "household.residents", "value", fault.Shorten(said, 40)))
		}
	}
	return r, errors.Join(bad...)
}

// wrongCells are the sentences about cells that hold no text that could be read.
var wrongCells = map[sheet.Kind]string{sheet.Date: "household.date", sheet.Broken: "household.cellError", sheet.Formula: "household.formula"}

// people is a count of people as lists write it: 3, 3人, 3.0; nil where they write that it is not known.
func people(s string) (n *int, ok bool) {
	switch s {
	case "-", "—", "/", "不详", "未知":
		return nil, true
	}
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(s, "人"), "口"))
	if whole, fraction, found := strings.Cut(s, "."); found && strings.Trim(fraction, "0") == "" {
		s = whole
	}
	count, err := strconv.Atoi(s)
	return &count, err == nil
}

// importHouseholds is Import for a list of households.
func importHouseholds(ctx context.Context, actor account.Actor, to Services, job Job) (place.Report, error) {
	if job.Replace && job.SkipRefused {
		return place.Report{}, fault.New(fault.Invalid, "replace", "household.wholeList")
	}
	options := place.ImportOptions{DryRun: job.DryRun, SkipRefused: job.SkipRefused, Replace: job.Replace, IDs: key.Random{}}
	district, err := districtOf(ctx, actor, to, job.Division)
	if err != nil {
		return place.Report{}, err
	}
	options.District = district
	t, err := openHouseholds(ctx, job)
	if err != nil {
		return place.Report{}, err
	}
	defer t.table.Close()
	refused, err := createRefused(job)
	if err != nil {
		return place.Report{}, err
	}
	defer refused.Abandon()
	report, err := to.Places.ImportHouseholds(ctx, actor, t.all(), options)
	if err != nil {
		return report, err
	}
	for _, column := range t.ignored {
		f := fault.New(fault.Invalid, "", "household.ignored", "column", fault.Shorten(column, 60))
		report.Notes = append(report.Notes, place.Note{Source: t.source(t.header), Kind: place.Ignored, Field: column, Reason: f.Text(fault.English), Said: f})
	}
	if report.Refused > 0 && refused != nil {
		if err := writeRefused(ctx, refused, job, report.Notes); err != nil {
			return report, fmt.Errorf("write %s: %w", job.Refused, err)
		}
	}
	return report, nil
}

// createRefused begins the file of refused rows before anything is imported, so that a folder that cannot be written is found
// out then. Nil is no file.
func createRefused(job Job) (*sheet.Writer, error) {
	if job.Refused == "" {
		return nil, nil
	}
	if ext := strings.ToLower(filepath.Ext(job.Refused)); ext != ".csv" && ext != ".xlsx" {
		return nil, fault.New(fault.Invalid, "report", "household.reportFormat", "file", job.Refused)
	}
	if there, err := os.Stat(job.Refused); err == nil {
		from, err := os.Stat(job.Path)
		if err == nil && os.SameFile(there, from) {
			return nil, fault.New(fault.Invalid, "report", "household.reportSame", "file", job.Refused)
		}
		if !there.Mode().IsRegular() {
			return nil, fault.New(fault.Invalid, "report", "household.reportUnwritable", "file", job.Refused)
		}
	}
	w, err := sheet.Create(job.Refused)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "report", "household.reportUnwritable", "file", job.Refused)
	}
	return w, nil
}

// writeRefused writes the list again with the reasons in a column of their own: all its rows, to be corrected and imported
// again, or only the refused ones where the others were taken in.
func writeRefused(ctx context.Context, w *sheet.Writer, job Job, notes []place.Note) error {
	reasons := map[string]string{}
	for _, n := range notes {
		if n.Kind != place.Refused {
			continue
		}
		if before := reasons[n.Source]; before != "" && job.Language != fault.Chinese {
			reasons[n.Source] += " "
		}
		reasons[n.Source] += n.In(job.Language)
	}
	t, err := openHouseholds(ctx, job)
	if err != nil {
		return err
	}
	defer t.table.Close()
	write := func(row sheet.Row, problem string) error {
		cells := make([]string, max(len(row.Cells), t.problem+1))
		for i, c := range row.Cells {
			cells[i] = c.Shown()
		}
		cells[t.problem] = problem
		return w.Write(cells)
	}
	for _, row := range t.above {
		if err := write(row, ""); err != nil {
			return err
		}
	}
	if err := write(t.header, problemColumn); err != nil {
		return err
	}
	for {
		row, err := t.table.Next()
		if errors.Is(err, io.EOF) {
			return w.Commit()
		}
		if err != nil {
			return err
		}
		reason, bad := reasons[t.source(row)]
		if !bad && job.SkipRefused {
			continue
		}
		if err := write(row, reason); err != nil {
			return err
		}
	}
}
