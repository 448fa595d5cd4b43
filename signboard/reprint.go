package signboard

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/board"
	"wangge/domain/civil"
	"wangge/domain/key"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/answer"
	"wangge/internal/cell"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

// Prints answers which boards are to be printed, and notes which were; board.Service does. For those who arrange them.
type Prints interface {
	// Reprint returns boards, of a kind or for "" of both, that were printed and say no more what holds. NOT_FOUND: no such division.
	Reprint(ctx context.Context, actor account.Actor, division string, kind board.Kind, args page.Args) (page.Page[board.Standing], error)
	// NeverPrinted returns grids and buildings of which no board was ever printed.
	NeverPrinted(ctx context.Context, actor account.Actor, division string, kind board.Kind, args page.Args) (page.Page[board.Standing], error)
	// History returns what was printed, the last day first.
	History(ctx context.Context, actor account.Actor, division string, kind board.Kind, args page.Args) (page.Page[board.Listed], error)
	// Tally counts the boards that were printed and those that never were.
	Tally(ctx context.Context, actor account.Actor, division string) (board.Tally, error)
	// Find returns what a name stands for; anyone may ask. NOT_FOUND: there is no such grid, or there can be no such building.
	Find(ctx context.Context, actor account.Actor, n board.Name) (board.Of, error)
	// Printed notes prints, all or none. CONFLICT: what a board says is no more what its mark stands for.
	Printed(ctx context.Context, actor account.Actor, boards []board.Printing, on civil.Date) ([]board.Print, error)
	// TakeBack undoes Printed. CONFLICT: a print is not the last of its board, or was noted again since.
	TakeBack(ctx context.Context, actor account.Actor, boards []board.Noted) (int, error)
}

// Audit notes what somebody does, done or refused; audit.Service does.
type Audit interface {
	Do(ctx context.Context, actor account.Actor, e audit.Entry, deed func(ctx context.Context) error) error
	Refused(ctx context.Context, actor account.Actor, e audit.Entry, err error) error
}

const (
	perPage   = 50     // boards on a page
	mostInPDF = 200    // boards: read and drawn in some seconds
	perRead   = 200    // boards that are read in one turn
	mostInCSV = 10_000 // boards
	mostForm  = 1 << 20

	mostLooked = 2_000 // boards of the list that are looked at for a page
)

var _ = fault.Register(
	[3]string{"board.signIn", "This needs somebody who is signed in, or a token.", "请先登录，或使用令牌。"},
	[3]string{"board.place", "Your posts of today do not reach this place.", "您当前的任职不含此区划。"},
	[3]string{"board.choose", "Choose 1 to {max} boards of the list.", "请在清单中选择 1 到 {max} 块公示牌。"},
	[3]string{"board.form", "{field} is not one of the choices.", "{field} 不是可选的值。"},
	[3]string{"board.day", "The day is written as 2026-05-01.", "日期应写作 2026-05-01。"},
	[3]string{"board.longList", "The list has more than {max} boards: choose a smaller division.", "清单超过 {max} 块公示牌：请选择更小的区划。"},
	[3]string{"board.emptyList", "The list is empty.", "清单是空的。"},
	[3]string{"board.goneSince", "{code} is no more there; show the list anew.", "{code} 已不存在，请重新查看清单。"},
	[3]string{"board.movedSince", "{code}: what the board says changed since the list was shown. Nothing was noted; print it anew.", "{code}：清单显示之后，牌上内容又有变更。没有登记任何一块，请重新印制。"},
	[3]string{"board.laterSince", "{code}: another revision was noted since, or this one was taken back already. Nothing was taken back; show the list anew.", "{code}：之后又登记了新的一版，或该登记已被撤销。没有撤销任何一块，请重新查看清单。"},
	[3]string{"board.againSince", "{code}: somebody noted the same revision again since. Nothing was taken back. To take it back all the same, choose it in the list of what was printed.",
		"{code}：同一版之后又有人登记。没有撤销任何一块；确要一并撤销，请在“登记过的印制”清单中选择。"},
	[3]string{"board.movedBefore", "{code}: what the board says changed since the list was shown. Nothing was printed; show the list anew.", "{code}：清单显示之后，牌上内容又有变更。没有印制任何一块，请重新查看清单。"},
)

// reprintPolicy is pagePolicy for a page that acts for who is signed in: nobody frames it.
var reprintPolicy = strings.Replace(pagePolicy, "frame-ancestors 'self'", "frame-ancestors 'none'", 1)

// registerReprints adds the page of what is to be printed in a division: for the print shop and the town's office.
func (d *door) registerReprints(mux *http.ServeMux) {
	if d.prints == nil {
		return
	}
	mux.HandleFunc("GET /signboards/print/{division}", d.reprints)
	mux.HandleFunc("POST /signboards/print/{division}", d.reprints)
}

// boardList is one of the lists that the print shop's page shows.
type boardList string

const (
	toReprint    boardList = "reprint" // printed, and no more what holds
	neverPrinted boardList = "never"   // never printed
	wasPrinted   boardList = "printed" // what was printed, to be taken back
)

// asking is what the form asks for.
type asking struct {
	List     boardList
	Kind     board.Kind // "": both
	Part     board.Part // that changed, of those to reprint; "": any
	Of       string     // a board instead of a list, as reprintRow.Value has it: who comes from the board's page notes that it was printed
	Format   Format     // of PDFs
	Language fault.Language
	On       string
	After    *string
	Tick     string   // "all" or "none" of the boards, "": as is usual
	Chosen   []string // boards, as reprintRow.Value has them
	Undo     []string // prints, as undoValue has them
}

// reprintView is what the page shows.
type reprintView struct {
	speaker
	Division, Code               string
	At, Account                  string
	Local                        bool // codes lead to this machine alone
	Error, Done, Shown           string
	None                         string // says that the list is empty
	Good                         bool   // which is as it should be
	Of                           string // of the one board that is shown; "": a list is
	Others                       []option
	Rows                         []reprintRow
	Printed                      bool // what was printed is shown
	Papers                       bool // other papers are to be printed anew too
	Undo                         []string
	Page, Next                   string // cursors: of the page that is shown, "" for the first, and of the next
	Lists, Kinds, Parts          []option
	Sizes, Orientations, Letters []option
	On                           string
}

// printShop is where the page of a division lies.
func printShop(division string) string { return "/signboards/print/" + url.PathEscape(division) }

// reprints answers the page, for who arranges the division.
func (d *door) reprints(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept, Accept-Language")
	w.Header().Set("Referrer-Policy", "same-origin")
	actor, of := account.FromContext(r.Context()), r.URL.Query().Get("of")
	if actor.Role == account.Public {
		d.toSignIn(w, r, of)
		return
	}
	if r.Method == http.MethodPost {
		if err := d.readForm(w, r); err != nil {
			d.refuse(w, r, err)
			return
		}
	}
	ctx := r.Context()
	if d.origin != nil {
		ctx = audit.From(ctx, d.origin(r))
	}
	division, err := d.arranged(ctx, actor, r.PathValue("division"))
	if err != nil {
		d.refuse(w, r, d.refusedDeed(ctx, actor, r.PostForm.Get("do"), err))
		return
	}
	lang := answer.Language(r, fault.Chinese)
	v := reprintView{speaker: speaker{lang}, Division: division.Name, Code: division.Code, Account: along(r, "/account"), On: d.Staff.Day(nil).String(), Local: d.local()}
	ask := asking{List: toReprint, Of: of, Format: usualFormat, Language: lang}
	status := http.StatusOK
	fail := func(err error) {
		if v.Error != "" {
			return
		}
		refusal := answer.Refuse(r, d.log, err)
		status, v.Error = refusal.Status, refusal.Fault.Text(lang)
		if refusal.ID != "" {
			v.Error += " (" + refusal.ID + ")"
		}
	}
	if r.Method == http.MethodPost {
		if ask, err = readAsking(r.PostForm, ask); err == nil {
			var file *attachment
			if file, err = d.act(ctx, actor, division, r.PostForm.Get("do"), ask, &v); err == nil && file != nil {
				file.send(w)
				return
			}
		}
		if err != nil {
			fail(err)
		}
	}
	if err := d.fill(ctx, actor, division.Code, ask, &v); err != nil {
		fail(err)
	}
	for i := range v.Rows {
		v.Rows[i].To = along(r, v.Rows[i].To)
	}
	v.choices(ask)
	v.At = along(r, withOf(printShop(division.Code), ask.Of))
	body, err := d.framed(r, paper.Clean(division.Name)+" · "+pageWords["reprints"].in(lang), "reprints", v, true)
	if err != nil {
		answer.Refuse(r, d.log, err).Write(w, r)
		return
	}
	d.sendPage(w, status, body, reprintPolicy)
}

// withOf is the page's address for one board; "": for the lists.
func withOf(path, of string) string {
	if of == "" {
		return path
	}
	return path + "?" + url.Values{"of": {of}}.Encode()
}

// toSignIn leads who is not signed in to where people do, and then back; programs are refused.
func (d *door) toSignIn(w http.ResponseWriter, r *http.Request, of string) {
	if !readsPages(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="wangge"`)
		answer.Refuse(r, d.log, fault.New(fault.Unauthenticated, "", "board.signIn")).Write(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	next := withOf(printShop(r.PathValue("division")), of)
	http.Redirect(w, r, along(r, "/sign-in?"+url.Values{"next": {next}}.Encode()), http.StatusSeeOther)
}

// readForm reads the form that was sent. FORBIDDEN: the page of another site sent it.
func (d *door) readForm(w http.ResponseWriter, r *http.Request) error {
	if err := d.sameOrigin(r); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	err := r.ParseForm()
	if large := (*http.MaxBytesError)(nil); err == nil || errors.As(err, &large) {
		return err
	}
	return fault.Wrap(err, fault.Invalid, "", "board.choose", "max", perPage)
}

// arranged is a division that the actor arranges. FORBIDDEN: others do; everybody sees it elsewhere, so that it is no secret that it is there.
func (d *door) arranged(ctx context.Context, actor account.Actor, code string) (place.Division, error) {
	if err := actor.Require(account.Arrange); err != nil {
		return place.Division{}, err
	}
	division, err := d.Places.ByCode(ctx, actor, code, place.Fields{})
	if err != nil {
		return division, err
	}
	if err = d.Places.RequireArranged(ctx, actor, division); fault.Is(err, fault.NotFound) {
		err = fault.New(fault.Forbidden, "", "board.place")
	}
	return division, err
}

// deeds are what the audit calls what the buttons do: as where it is done by GraphQL.
var deeds = map[string]audit.Action{"printed": audit.OfMutation("recordBoardsPrinted"), "undo": audit.OfMutation("takeBackBoardsPrinted")}

// deed does what a button does, and notes it.
func (d *door) deed(ctx context.Context, actor account.Actor, do string, deed func(context.Context) error) error {
	if d.audit == nil {
		return deed(ctx)
	}
	return d.audit.Do(ctx, actor, audit.Entry{Action: deeds[do], Object: audit.Object{Kind: "BOARD"}}, deed)
}

// refusedDeed notes that what a button does was refused with err before it began, and returns err.
func (d *door) refusedDeed(ctx context.Context, actor account.Actor, do string, err error) error {
	action, ok := deeds[do]
	if !ok || d.audit == nil {
		return err
	}
	if late := d.audit.Refused(ctx, actor, audit.Entry{Action: action, Object: audit.Object{Kind: "BOARD"}}, err); late != nil {
		err = errors.Join(err, late)
	}
	return err
}

// readAsking reads a form.
func readAsking(form url.Values, ask asking) (asking, error) {
	bad := func(field string) (asking, error) {
		return ask, fault.New(fault.Invalid, field, "board.form", "field", field)
	}
	what, kind := form.Get("list"), form.Get("kind")
	show := form.Get("show")
	if show != "" { // a button that leads to a list of a kind
		what, kind, _ = strings.Cut(show, "/")
		ask.Of = ""
	}
	if ask.List = cmp.Or(boardList(what), toReprint); !slices.Contains([]boardList{toReprint, neverPrinted, wasPrinted}, ask.List) {
		return bad("list")
	}
	if ask.Kind = board.Kind(kind); !slices.Contains([]board.Kind{"", board.OfGrid, board.OfBuilding}, ask.Kind) {
		return bad("kind")
	}
	if ask.Part = board.Part(form.Get("part")); ask.Part != "" && !slices.Contains(board.Parts, ask.Part) {
		return bad("part")
	}
	if l := fault.Language(form.Get("letters")); l != "" {
		if ask.Language = l; l != fault.Chinese && l != fault.English {
			return bad("letters")
		}
	}
	format, err := formatOf(form)
	if err != nil {
		return ask, err
	}
	ask.Format, ask.On, ask.Chosen, ask.Undo = format, form.Get("on"), form["board"], form["undo"]
	if ask.Tick = form.Get("tick"); !slices.Contains([]string{"", "all", "none"}, ask.Tick) {
		return bad("tick")
	}
	after := form.Get("after")
	if show == "" && form.Get("do") != "list" {
		after = cmp.Or(after, form.Get("page")) // what is done is done on the page that is shown
	}
	if after != "" {
		ask.After = &after
	}
	return ask, nil
}

// act does what a button of the form says: "" and "list" only show the list.
func (d *door) act(ctx context.Context, actor account.Actor, division place.Division, do string, ask asking, v *reprintView) (*attachment, error) {
	switch do {
	case "", "list":
	case "csv":
		return d.list(ctx, actor, division, ask)
	case "pdf":
		chosen, err := ask.chosen()
		if err != nil {
			return nil, err
		}
		return d.some(ctx, actor, division, ask, chosen)
	case "pdfAll":
		if ask.List == wasPrinted {
			return nil, fault.New(fault.Invalid, "list", "board.form", "field", "list")
		}
		return d.all(ctx, actor, division, ask)
	case "printed":
		return nil, d.deed(ctx, actor, do, func(ctx context.Context) error { return d.note(ctx, actor, ask, v) })
	case "undo":
		return nil, d.deed(ctx, actor, do, func(ctx context.Context) error { return d.takeBack(ctx, actor, ask, v) })
	default:
		return nil, fault.New(fault.Invalid, "do", "board.form", "field", "do")
	}
	return nil, nil
}

// called reads "grid/CODE/REST" and "building/ID/REST".
func called(value string) (n board.Name, rest string, err error) {
	kind, of, _ := strings.Cut(value, "/")
	of, rest, ok := strings.Cut(of, "/")
	switch {
	case ok && of != "" && kind == string(board.OfGrid):
		n.Grid = of
	case ok && of != "" && kind == string(board.OfBuilding):
		n.Building = of
	default:
		err = fault.New(fault.Invalid, "board", "board.form", "field", "board")
	}
	return n, rest, err
}

func (a asking) chosen() ([]board.Printing, error) {
	if len(a.Chosen) == 0 || len(a.Chosen) > perPage {
		return nil, fault.New(fault.Invalid, "board", "board.choose", "max", perPage)
	}
	out := make([]board.Printing, len(a.Chosen))
	for i, value := range a.Chosen {
		n, mark, err := called(value)
		if err != nil {
			return nil, err
		}
		out[i] = board.Printing{Name: n, Mark: mark}
	}
	return out, nil
}

// note notes what was chosen as printed.
func (d *door) note(ctx context.Context, actor account.Actor, ask asking, v *reprintView) error {
	chosen, err := ask.chosen()
	if err != nil {
		return err
	}
	on := d.Staff.Day(nil)
	if ask.On != "" {
		if on, err = civil.Parse(ask.On); err != nil {
			return fault.Wrap(err, fault.Invalid, "on", "board.day")
		}
	}
	prints, err := d.prints.Printed(ctx, actor, chosen, on)
	if err != nil {
		says := map[fault.Code]string{fault.Conflict: "board.movedSince", fault.NotFound: "board.goneSince"}[fault.As(err).Code]
		return ofBoard(err, says, func(i int) board.Name { return chosen[i].Name })
	}
	again := 0
	for i, p := range prints {
		if p.Version > 1 { // somebody else relies on it
			again++
			continue
		}
		v.Undo = append(v.Undo, undoValue(p, cmp.Or(chosen[i].Grid, chosen[i].Building)))
	}
	if v.Done = fmt.Sprintf(wDone.in(v.Lang), len(prints)); again > 0 {
		v.Done += fmt.Sprintf(wDoneAgain.in(v.Lang), again)
	}
	return nil
}

// ofBoard is err as a sentence with a key about the board that it is about; err itself where it is about none. of is the i-th of those that were sent.
func ofBoard(err error, says string, of func(i int) board.Name) error {
	var at int
	f := fault.As(err)
	if _, failed := fmt.Sscanf(f.Field, "boards.%d", &at); failed != nil || says == "" {
		return err
	}
	n := of(at)
	return fault.New(f.Code, "board", says, "code", fault.Shorten(cmp.Or(n.Grid, n.Building), 60))
}

// undoValue is "grid/CODE/REVISION/VERSION" or "building/ID/REVISION/VERSION".
func undoValue(p board.Print, called string) string {
	return fmt.Sprintf("%s/%s/%d/%d", p.Of.Kind, called, p.Revision, p.Version)
}

// takeBack undoes notes.
func (d *door) takeBack(ctx context.Context, actor account.Actor, ask asking, v *reprintView) error {
	if len(ask.Undo) == 0 {
		return fault.New(fault.Invalid, "board", "board.choose", "max", perPage)
	}
	chosen := make([]board.Noted, len(ask.Undo))
	for i, value := range ask.Undo {
		n, rest, err := called(value)
		if err != nil {
			return err
		}
		revision, version, _ := strings.Cut(rest, "/")
		of, err := strconv.ParseInt(revision, 10, 32) // as the database keeps them
		times, failed := strconv.ParseInt(version, 10, 32)
		if err != nil || failed != nil || of < 1 || times < 1 {
			return fault.New(fault.Invalid, "revision", "board.revision")
		}
		chosen[i] = board.Noted{Name: n, Revision: int(of), Version: int(times)}
	}
	n, err := d.prints.TakeBack(ctx, actor, chosen)
	if err != nil {
		says := map[string]string{"board.notLast": "board.laterSince", "board.notedAgain": "board.againSince", "grid.notFound": "board.goneSince"}[fault.As(err).Key]
		return ofBoard(err, says, func(i int) board.Name { return chosen[i].Name })
	}
	v.Done = fmt.Sprintf(wUndone.in(v.Lang), n)
	return nil
}

// choices are those of the form, as they were chosen.
func (v *reprintView) choices(a asking) {
	in := func(w words) string { return w.in(v.Lang) }
	for _, l := range []boardList{toReprint, neverPrinted, wasPrinted} {
		v.Lists = append(v.Lists, option{string(l), in(listNames[l]), l == a.List})
	}
	v.Printed = v.Of == "" && a.List == wasPrinted
	v.Kinds = []option{{"", in(wAll), a.Kind == ""}, {string(board.OfGrid), in(wGrid), a.Kind == board.OfGrid}, {string(board.OfBuilding), in(wHouse), a.Kind == board.OfBuilding}}
	if a.List == toReprint {
		v.Parts = []option{{"", in(wAll), a.Part == ""}}
		for _, p := range board.Parts {
			v.Parts = append(v.Parts, option{string(p), p.Text(v.Lang) + within[p].in(v.Lang), a.Part == p})
		}
	}
	v.Sizes, v.Orientations = formats(a.Format, v.Lang)
	v.Letters = []option{{"zh", "中文", a.Language != fault.English}, {"en", "English", a.Language == fault.English}}
	if _, err := civil.Parse(a.On); err == nil { // what is no day is not shown again: it may be somebody's number
		v.On = a.On
	}
}

// attachment is a file to keep.
type attachment struct {
	name, kind string
	body       []byte
	missing    string // what the font lacks of it, as the header says it
}

func (a attachment) send(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("Content-Disposition", `attachment; filename="`+a.name+`"`)
	if a.missing != "" {
		header.Set(missingHeader, a.missing)
	}
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(a.body) // the sender may be gone; nobody is left to tell
}

// fileName is of letters, digits and lines only.
func (d *door) fileName(division place.Division, end string) string {
	code := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return -1
	}, division.Code)
	return "boards-" + code + "-" + d.Staff.Day(nil).String() + end
}

// whole is the whole list. LIMITED: it is longer than most.
func (d *door) whole(ctx context.Context, actor account.Actor, division place.Division, ask asking, most int) ([]reprintRow, error) {
	var rows []reprintRow
	err := d.Places.InOneState(ctx, actor, func(ctx context.Context) error {
		rows, ask.After = nil, nil // it may run twice
		for {
			more, next, err := d.rows(ctx, actor, division.Code, ask, most-len(rows)+1, ask.Language)
			rows = append(rows, more...)
			switch {
			case err != nil:
				return err
			case len(rows) > most:
				return fault.New(fault.Limited, "division", "board.longList", "max", most)
			case next == "":
				return nil
			}
			ask.After = &next
		}
	})
	return rows, err
}

// list is the whole list as CSV, with the byte order mark without which Excel reads Chinese as something else.
func (d *door) list(ctx context.Context, actor account.Actor, division place.Division, ask asking) (*attachment, error) {
	rows, err := d.whole(ctx, actor, division, ask, mostInCSV)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	head := []words{{"种类", "Kind"}, {"编码", "Code"}, {"名称", "Name"}, {"所在", "In"}, {"已印版次", "Printed revision"}, {"印制日期", "Printed on"}, {"现在版次", "Revision now"},
		{"变化", "Changed"}, {"标记", "Mark"}, {"文件", "File"}, {"一并重印", "Print anew too"}}
	line := make([]string, len(head))
	for i, w := range head {
		line[i] = w.in(ask.Language)
	}
	query := url.Values{"size": {ask.Format.Size}, "orientation": {ask.Format.orientation()}, "lang": {string(ask.Language)}}.Encode()
	err = out.Write(line)
	for _, r := range rows {
		revision, on := "", ""
		if r.Printed != nil {
			revision, on = strconv.Itoa(r.Printed.Revision), r.Printed.On.String()
		}
		line = []string{r.KindIs, cell.Text(r.Called), cell.Text(r.Name), cell.Text(r.Where), revision, on, strconv.Itoa(r.Revision), r.Parts, cell.Text(r.Hashes.Mark()),
			d.PublicURL + r.To + ".pdf?" + query, r.Papers}
		if ask.List == wasPrinted { // a record of what was: there is no file of that any more
			line[6], line[9] = "", ""
		}
		err = errors.Join(err, out.Write(line))
	}
	out.Flush()
	return &attachment{d.fileName(division, ".csv"), "text/csv; charset=utf-8", b.Bytes(), ""}, errors.Join(err, out.Error())
}

// all are the boards of the whole list as one PDF.
func (d *door) all(ctx context.Context, actor account.Actor, division place.Division, ask asking) (*attachment, error) {
	rows, err := d.whole(ctx, actor, division, ask, mostInPDF)
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, fault.New(fault.NotFound, "list", "board.emptyList")
	}
	list := make([]board.Printing, len(rows))
	for i, r := range rows {
		if list[i].Name, list[i].Mark, err = called(r.Value); err != nil {
			return nil, err
		}
	}
	return d.some(ctx, actor, division, ask, list)
}

// some are boards, a page each, as one PDF; one such file is made at a time. CONFLICT: a board says no more what its mark stands for. UNAVAILABLE: a photo cannot
// be read now.
func (d *door) some(ctx context.Context, actor account.Actor, division place.Division, ask asking, list []board.Printing) (*attachment, error) {
	if err := d.bulk.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer d.bulk.Release(1)
	var b bytes.Buffer
	var failed error
	var lacks []MissingOn
	err := paper.WritePDF(&b, func(yield func(*paper.Sheet) bool) {
		draw := func(f Facts) bool {
			if failed = d.turns.Acquire(ctx, 1); failed != nil {
				return false
			}
			defer d.turns.Release(1)
			sheet, missing := Board(f, ask.Format, d.fonts)
			lacks = append(lacks, MissingOn{f.Grid.Code, string(missing)})
			return yield(sheet)
		}
		for next := range ahead(ctx, list, func(ctx context.Context, p board.Printing) (Facts, error) {
			if err := d.readings.Acquire(ctx, 1); err != nil {
				return Facts{}, err
			}
			defer d.readings.Release(1)
			return d.said(ctx, actor, p.Name, ask.Language)
		}) {
			code := fault.Shorten(cmp.Or(next.of.Grid, next.of.Building), 60)
			switch mark := strings.ToLower(next.of.Mark); {
			case ctx.Err() != nil:
				return
			case fault.Is(next.err, fault.NotFound):
				failed = fault.New(fault.NotFound, "board", "board.goneSince", "code", code)
			case next.err != nil:
				failed = next.err
			case mark != "" && mark != next.facts.standing.Hashes.Mark():
				failed = fault.New(fault.Conflict, "board", "board.movedBefore", "code", code)
			case next.facts.passing:
				failed = withoutPhotos(code)
			}
			if failed != nil || !draw(next.facts) {
				return
			}
		}
	}, d.fonts)
	if err = cmp.Or(ctx.Err(), failed, err); err != nil {
		return nil, err
	}
	return &attachment{d.fileName(division, ".pdf"), mediaTypes["pdf"], b.Bytes(), missingIn(lacks)}, nil
}

// said is what a board says.
func (d *door) said(ctx context.Context, actor account.Actor, n board.Name, lang fault.Language) (Facts, error) {
	if n.Grid != "" {
		return d.Grid(ctx, actor, n.Grid, lang)
	}
	k, ok := key.Parse(n.Building)
	if !ok {
		return Facts{}, fault.New(fault.NotFound, "id", "board.noBuilding")
	}
	return d.Building(ctx, actor, k, lang)
}
