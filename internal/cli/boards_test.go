package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"wangge/internal/config"
)

func (p *recorder) PrintBoards(_ context.Context, s config.Settings, job BoardsJob) (BoardsReport, error) {
	job.Progress(Progress{Rows: 1, Done: 1, Total: 2})
	job.Progress = nil
	p.did, p.settings = fmt.Sprintf("signboards %+v", job), s
	return BoardsReport{Boards: 14, Bytes: 2_300_000, Missing: []MissingOn{{"140403007002009", "𬭎㛃"}}, Gone: []string{"140403007002012"}}, p.err
}

func TestBoardsArePrinted(t *testing.T) {
	plain(t)
	for _, c := range []struct{ args, did string }{
		{"140403007002 --out town.pdf --public-url https://grid.example.org/", "signboards {Division:140403007002 File:town.pdf Size:a3 Landscape:true Language:zh Settings:{PublicURL:https://grid.example.org Attribution: Approval: Fonts:} Progress:<nil>}"},
		{"140403 --out TOWN.PDF --size a1 --orientation portrait --language en --public-url https://grid.example.org --map-approval 晋S(2026)012号",
			"signboards {Division:140403 File:TOWN.PDF Size:a1 Landscape:false Language:en Settings:{PublicURL:https://grid.example.org Attribution: Approval:晋S(2026)012号 Fonts:} Progress:<nil>}"},
	} {
		p := &recorder{}
		code, out, errOut := call(t, p, append([]string{"signboards"}, strings.Fields(c.args)...)...)
		if code != ok || p.did != c.did || !strings.HasPrefix(out, "14 boards written to ") || !strings.HasSuffix(out, ": 2.3 MB\n") ||
			!strings.Contains(errOut, "140403007002009: the font lacks 𬭎 (U+2CB4E), 㛃 (U+36C3): the board shows 〓") || !strings.Contains(errOut, "140403007002012: the grid was dissolved") {
			t.Errorf("%s: exit %d, did %q, said %q, %q", c.args, code, p.did, out, errOut)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"--out a.pdf --public-url https://x.example", "<division>"},
		{"140403 --public-url https://x.example", "--out"},
		{"140403 --out a.svg --public-url https://x.example", "a .pdf file"},
		{"140403 --out a.pdf", "PUBLIC_URL"},
		{"140403 --out a.pdf --public-url https://x.example --size a7", "--size"},
	} {
		p := &recorder{}
		code, _, errOut := call(t, p, append([]string{"signboards"}, strings.Fields(c.args)...)...)
		if code != misused || !strings.Contains(errOut, c.want) || p.did != "" {
			t.Errorf("%q: exit %d, did %q, said %q", c.args, code, p.did, errOut)
		}
	}
}
