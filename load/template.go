package load

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// templateRows are how many rows of the template offer words to choose from.
const templateRows = 5000

// HouseholdTemplate writes an empty list of households as XLSX: what each column is for, the columns' names, and a second
// sheet with examples, which an import does not read.
func HouseholdTemplate(w io.Writer) error {
	return template(w, "户 Households", householdColumns, map[string]string{"use": "自住 出租 空置 经营"}, [][]string{
		{"990102001001-B07", "", "", "", "2单元", "301", "", "3", "自住", ""},
		{"", "机械厂家属院", "7号楼", "", "2单元", "302", "1", "2", "出租", ""},
		{"", "机械厂家属院", "7号楼", "", "2单元", "302", "2", "1", "出租", ""},
		{"", "", "", "采薇街12号", "", "101", "", "", "空置", ""},
	})
}

// ResidentTemplate is HouseholdTemplate for a list of residents. The people of its examples are nobody: their numbers are those that the standard for identity numbers shows.
func ResidentTemplate(w io.Writer) error {
	return template(w, "居民 Residents", residentColumns, map[string]string{"tenure": "产权人 家庭成员 承租人 单位住房 借住", "registered_here": "是 否", "lives_here": "是 否"}, [][]string{
		{"990102001001-B07", "2单元", "301", "", "示例甲", "11010519491231002X", "", "", "是", "是", "产权人", "2020-01-05"},
		{"990102001001-B07", "2单元", "301", "", "示例乙", "", "", "1980-02-03", "否", "是", "家庭成员", ""},
		{"990102001001-B07", "2单元", "302", "1", "示例丙", "440524188001010014", "", "", "否", "是", "承租人", ""},
	})
}

// template writes an empty list with columns, of which some have words to choose from, and a sheet of examples.
func template(w io.Writer, list string, columns []listColumn, choices map[string]string, rows [][]string) (err error) {
	const examples = "示例 Examples"
	book := excelize.NewFile()
	defer book.Close()
	write := func(step error) {
		if err == nil {
			err = step
		}
	}
	write(book.SetSheetName("Sheet1", list))
	_, step := book.NewSheet(examples)
	write(step)
	bold, step := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDEBF7"}}})
	write(step)
	help, step := book.NewStyle(&excelize.Style{Font: &excelize.Font{Color: "666666", Size: 9}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	write(step)
	text, step := book.NewStyle(&excelize.Style{NumFmt: 49}) // as text, so that 3-12 does not become a date
	write(step)
	last, step := excelize.ColumnNumberToName(len(columns))
	write(step)
	for _, name := range []string{list, examples} {
		write(book.SetColWidth(name, "A", last, 18))
		write(book.SetColStyle(name, "A:"+last, text))
		for i, c := range columns {
			at, step := excelize.CoordinatesToCellName(i+1, 1)
			write(step)
			write(book.SetCellStr(name, at, c.help[1]+"\n"+c.help[0]))
			below, step := excelize.CoordinatesToCellName(i+1, 2)
			write(step)
			write(book.SetCellStr(name, below, c.chinese+"/"+c.name))
		}
		write(book.SetCellStyle(name, "A1", last+"1", help))
		write(book.SetRowHeight(name, 1, 64))
		write(book.SetCellStyle(name, "A2", last+"2", bold))
		write(book.SetPanes(name, &excelize.Panes{Freeze: true, YSplit: 2, TopLeftCell: "A3", ActivePane: "bottomLeft"}))
	}
	for i, row := range rows {
		for j, value := range row {
			at, step := excelize.CoordinatesToCellName(j+1, i+3)
			write(step)
			write(book.SetCellStr(examples, at, value))
		}
	}
	for i, c := range columns {
		words := strings.Fields(choices[c.name])
		if len(words) == 0 {
			continue
		}
		column, step := excelize.ColumnNumberToName(i + 1)
		write(step)
		choose := excelize.NewDataValidation(true)
		choose.Sqref = fmt.Sprintf("%s3:%s%d", column, column, templateRows)
		write(choose.SetDropList(words))
		write(book.AddDataValidation(list, choose))
	}
	if err != nil {
		return fmt.Errorf("make the template: %w", err)
	}
	_, err = book.WriteTo(w)
	return err
}
