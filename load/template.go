package load

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// templateRows are how many rows of the template offer the uses to choose from.
const templateRows = 5000

// HouseholdTemplate writes an empty list of households as XLSX: what each column is for, the columns' names, and a second
// sheet with examples, which an import does not read.
func HouseholdTemplate(w io.Writer) (err error) {
	const list, examples = "户 Households", "示例 Examples"
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
	last, step := excelize.ColumnNumberToName(len(householdColumns))
	write(step)
	for _, name := range []string{list, examples} {
		write(book.SetColWidth(name, "A", last, 18))
		write(book.SetColStyle(name, "A:"+last, text))
		for i, c := range householdColumns {
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
	for i, row := range [][]string{
		{"990102001001-B07", "", "", "", "2单元", "301", "", "3", "自住", ""},
		{"", "机械厂家属院", "7号楼", "", "2单元", "302", "1", "2", "出租", ""},
		{"", "机械厂家属院", "7号楼", "", "2单元", "302", "2", "1", "出租", ""},
		{"", "", "", "采薇街12号", "", "101", "", "", "空置", ""},
	} {
		for j, value := range row {
			at, step := excelize.CoordinatesToCellName(j+1, i+3)
			write(step)
			write(book.SetCellStr(examples, at, value))
		}
	}
	for i, c := range householdColumns {
		if c.name != "use" {
			continue
		}
		column, step := excelize.ColumnNumberToName(i + 1)
		write(step)
		uses := excelize.NewDataValidation(true)
		uses.Sqref = fmt.Sprintf("%s3:%s%d", column, column, templateRows)
		write(uses.SetDropList(strings.Fields("自住 出租 空置 经营")))
		write(book.AddDataValidation(list, uses))
	}
	if err != nil {
		return fmt.Errorf("make the template: %w", err)
	}
	_, err = book.WriteTo(w)
	return err
}
