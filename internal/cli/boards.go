package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"wangge/internal/config"
	"wangge/internal/fault"
)

type boardsCmd struct {
	Division    string `arg:"" help:"Code of the division: a community, a town, a district."`
	Out         string `required:"" placeholder:"FILE.pdf" help:"The file to write; one that is there is replaced."`
	Size        string `enum:"a0,a1,a2,a3,a4" default:"a3" help:"a0, a1, a2, a3 or a4; default a3."`
	Orientation string `enum:"landscape,portrait" default:"landscape" help:"landscape or portrait; default landscape."`
	Language    string `enum:"zh,en" default:"zh" help:"What stands first on the boards: zh or en; default zh."`
	config.Boards
}

// named are characters with their numbers, by which a print shop finds those that it cannot see: 𬭎 (U+2CB4E).
func named(characters string) string {
	var list []string
	for _, r := range characters {
		list = append(list, fmt.Sprintf("%c (U+%04X)", r, r))
	}
	return strings.Join(list, ", ")
}

func (c *boardsCmd) Run(r *run) error {
	if !strings.EqualFold(filepath.Ext(c.Out), ".pdf") {
		return usage{fmt.Sprintf(in(r.lang, "--out %s: boards are written to a .pdf file", "--out %s：公示牌须写入 .pdf 文件"), c.Out)}
	}
	job := BoardsJob{Division: c.Division, File: c.Out, Size: c.Size, Landscape: c.Orientation == "landscape", Language: fault.Language(c.Language)}
	var err error
	if job.Settings, err = c.Boards.Check(); err != nil {
		return err
	}
	s, err := r.settings(commandLevel)
	if err != nil {
		return err
	}
	bar := newBar(r.err, in(r.lang, "boards", "块公示牌"))
	bar.did = in(r.lang, "drawn", "已绘制")
	job.Progress = bar.show
	report, err := r.program.PrintBoards(r.ctx, s, job)
	bar.end()
	if err != nil {
		return err
	}
	for _, m := range report.Missing {
		fmt.Fprintf(r.err, in(r.lang, "%s: the font lacks %s: the board shows 〓, and the print shop has to set them\n", "%s：字库缺字 %s，牌上以〓占位，请印刷时补字\n"), m.Code, named(m.Characters))
	}
	for _, code := range report.Gone {
		fmt.Fprintf(r.err, in(r.lang, "%s: the grid was dissolved while the boards were drawn, and has none\n", "%s：绘制期间该网格已撤销，没有公示牌\n"), code)
	}
	fmt.Fprintf(r.out, in(r.lang, "%d boards written to %s: %.1f MB\n", "%d 块公示牌已写入 %s：%.1f MB\n"), report.Boards, c.Out, float64(report.Bytes)/1e6)
	return nil
}
