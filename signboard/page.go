package signboard

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"wangge/domain/board"
	"wangge/domain/phone"
	"wangge/internal/answer"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

// Frame puts a page in the frame that all pages of the server have, at the address and in the view that r asks for; package web has it.
type Frame func(r *http.Request, p Page) ([]byte, error)

// Page is what stands in a frame.
type Page struct {
	Title    string
	Style    template.CSS
	Body     template.HTML
	Unlisted bool // nothing for search engines
}

//go:embed page.html reprint.html
var pageFiles embed.FS

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("").Funcs(template.FuncMap{"grouped": phone.Grouped, "dial": linked}).ParseFS(pageFiles, "*.html"))

// pagePolicy lets a page load styles and pictures of this server, and its own style. No script runs.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
}()

// linked is the link that calls a number; "": there is nothing to dial.
func linked(number string) template.URL { return template.URL(phone.Dial(number)) }

// speaker says things in the language of a page.
type speaker struct{ Lang fault.Language }

// Say is one of pageWords.
func (s speaker) Say(name string) (string, error) {
	w, ok := pageWords[name]
	if !ok {
		return "", fmt.Errorf("there is no word %q", name)
	}
	return w.in(s.Lang), nil
}

// Data is text that the town wrote: Chinese in an English page is said to be Chinese.
func (s speaker) Data(text string) template.HTML {
	text = paper.Clean(text)
	safe := template.HTMLEscapeString(text)
	if s.Lang == fault.English && strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		safe = `<span lang="zh">` + safe + `</span>`
	}
	return template.HTML(safe)
}

// option is a choice of a form.
type option struct {
	Value, Label string
	Chosen       bool
}

// download is a link to something to fetch.
type download struct{ URL, Label string }

// told is one thing that a board says: what it is about, and what is said of it.
type told struct {
	About string
	Said  []saying
}

// saying is a text, a number to call and what else belongs to it; what is empty is not said.
type saying struct{ Text, Phone, More string }

// told is all that a board says, as text: for who cannot see it.
func (f Facts) told() []told {
	t := teller{Facts: f}
	t.names()
	t.people()
	t.contacts()
	t.limits()
	t.print()
	return t.out
}

// teller tells what facts say, one thing after another.
type teller struct {
	Facts
	out []told
}

func (t *teller) tell(about words, list ...saying) {
	if len(list) > 0 {
		t.out = append(t.out, told{about.in(t.Lang), list})
	}
}

func (t *teller) names() {
	if b := t.Building; b != nil {
		t.tell(wHouse, saying{Text: b.Name, More: b.Address})
	}
	t.tell(wGrid, saying{Text: t.Grid.Name, More: join(" ", kinds[t.Grid.Kind].in(t.Lang), t.Grid.Group)})
	t.tell(wCode, saying{Text: t.Grid.Code})
	t.tell(wIn, saying{Text: join(" ", t.District, t.Town, t.Community)})
}

func (t *teller) people() {
	instead := t.instead()
	for i, w := range t.Workers {
		t.tell(wWorker, saying{Text: w.Name, Phone: w.Phone, More: coverOf(w.Cover).in(t.Lang)})
		if i == 0 && w.Phone == "" {
			t.tell(wNoPhone, saying{Text: instead.Name, Phone: instead.Phone})
		}
	}
	for _, a := range t.Assistants {
		t.tell(postOf(a.Post), saying{Text: a.Name, Phone: a.Phone})
	}
	if len(t.Workers) == 0 {
		t.tell(wNobody, saying{Text: join(" ", wInstead.in(t.Lang), instead.Name), Phone: instead.Phone})
	}
	var duties []saying
	for _, d := range t.duties() {
		duties = append(duties, saying{Text: d})
	}
	t.tell(wDuties, duties...)
	for _, l := range t.Leaders {
		t.tell(postOf(l.Post), saying{Text: l.Name, Phone: l.Phone})
	}
}

func (t *teller) contacts() {
	if s := t.Contacts.Station; s != nil {
		t.tell(wStation, saying{Text: s.Name, Phone: s.Phone, More: join(" ", s.Address, s.Opens(t.Lang))})
	}
	if number := t.Contacts.SupervisionPhone; number != "" {
		t.tell(wSupervision, saying{Phone: number})
	}
	var night []saying
	for _, n := range t.Contacts.Night {
		night = append(night, saying{Text: n.Text(t.Lang), Phone: n.Phone})
	}
	t.tell(wNight, night...)
}

func (t *teller) limits() {
	var limits []saying
	for _, s := range t.Limits.In(t.Lang, fullest.names).Sides() {
		if s.Name != "" {
			limits = append(limits, saying{Text: s.Text(t.Lang) + words{"", ": "}.in(t.Lang) + s.Name})
		}
	}
	if len(t.Apart) > 0 {
		limits = append(limits, saying{Text: t.apart(fullest)})
	}
	t.tell(wLimits, limits...)
}

// print tells of the sheet itself.
func (t *teller) print() {
	if t.Revision > 0 {
		t.tell(wVersion, saying{Text: fmt.Sprintf(wRevision.in(t.Lang), t.Revision), More: t.Date})
	}
	if t.Approval != "" {
		t.tell(wApproval, saying{Text: t.Approval})
	}
	if t.Credit != "" {
		t.tell(wCredit, saying{Text: t.Credit})
	}
}

// Of is one of what a board says, in the language of the page.
func (s speaker) Of(one saying) any {
	return struct {
		speaker
		saying
	}{s, one}
}

// aloud is all that a board says in one text, which stands for its picture.
func (f Facts) aloud(title string) string {
	parts := []string{title}
	for _, t := range f.told() {
		var list []string
		for _, s := range t.Said {
			list = append(list, strings.Join(strings.Fields(s.Text+" "+phone.Grouped(s.Phone)+" "+s.More), " "))
		}
		parts = append(parts, t.About+wColon.in(f.Lang)+strings.Join(list, wComma.in(f.Lang)))
	}
	return paper.Clean(strings.Join(parts, wStop.in(f.Lang)))
}

// boardView is what the page of a board shows.
type boardView struct {
	speaker
	Title, Alt, At, Page string
	Width, Height        float64 // of the sheet: only how they stand to each other counts
	State                string
	Current              bool // nothing to replace
	Local                bool // codes lead to this machine alone
	Told                 []told
	Sizes, Orientations  []option
	Languages            []option
	Picture              string
	Elder                bool
	Files                []download // what the form can send
	Missing              string
	Note                 string // where it is noted that it was printed; "": nowhere
	More                 []download
}

// along is the address of path in the language and the size of text that r asks for.
func along(r *http.Request, path string) string {
	at, own, _ := strings.Cut(path, "?")
	values, _ := url.ParseQuery(own) // our own
	if asked := r.URL.Query(); asked.Get("lang") != "" {
		values.Set("lang", string(answer.Language(r, fault.Chinese)))
	}
	if r.URL.Query().Get("elder") == "1" {
		values.Set("elder", "1")
	}
	if len(values) == 0 {
		return at
	}
	return at + "?" + values.Encode()
}

// bare is r with what the page of a board at an address depends on and no more, as it was understood, so that what is kept is sent to all who ask for the same.
func bare(r *http.Request, at string, format Format) *http.Request {
	values := url.Values{}
	if format.Size != usualFormat.Size {
		values.Set("size", format.Size)
	}
	if format.Landscape != usualFormat.Landscape {
		values.Set("orientation", format.orientation())
	}
	here := r.Clone(context.WithoutCancel(r.Context()))
	if own, err := url.Parse(along(r, at+"?"+values.Encode())); err == nil { // always
		here.URL = own
	}
	return here
}

// page is the page of a board: the board as a picture, whether what hangs is current, all of it as text, its files, what else there is of the grid. at
// is the board's address, without the end; here is what the page depends on.
func (d *door) page(here *http.Request, f *Facts, format Format, at string) made {
	facts := struct {
		*Facts
		Standing      board.Standing
		CommunityCode string // not Community, which would hide that of Facts
	}{f, f.standing, f.community}
	write := func(_ context.Context, w io.Writer) ([]MissingOn, error) {
		sheet, missing := Board(*f, format, d.fonts)
		v := boardView{speaker: speaker{f.Lang}, Title: sheet.Title, Alt: f.aloud(sheet.Title), At: at, Width: sheet.W, Height: sheet.H, Told: f.told(), Missing: string(missing), Local: d.local(),
			Elder: here.URL.Query().Get("elder") == "1"}
		v.State, v.Current = f.state()
		query := url.Values{"size": {format.Size}, "orientation": {format.orientation()}, "lang": {string(cmp.Or(f.Lang, fault.Chinese))}}.Encode()
		v.Picture = at + ".svg?" + query
		v.Sizes, v.Orientations = formats(format, f.Lang)
		v.Languages = []option{{"zh", "中文", f.Lang != fault.English}, {"en", "English", f.Lang == fault.English}}
		for _, kind := range []string{"pdf", "png", "svg"} {
			v.Files = append(v.Files, download{at + "." + kind, strings.ToUpper(kind)})
		}
		code := url.PathEscape(f.Grid.Code)
		more := func(path string, w words) { v.More = append(v.More, download{along(here, path), w.in(f.Lang)}) }
		more("/g/"+code, wGridPage)
		more("/signboards/cards/"+code+".pdf", wCard)
		more("/signboards/leaflet/"+code+".pdf", wLeaflet)
		if len(f.Workers) > 0 {
			more("/signboards/badges/"+code+".pdf", wBadge)
			more("/signboards/badges/"+code+".pdf?format=hanging", wHanging)
		}
		more("/g/"+code+"/map.svg", wMap)
		if f.community != "" {
			more("/signboards/atlas/"+url.PathEscape(f.community)+".pdf", wAtlas)
			if d.prints != nil {
				list := printShop(f.community)
				more(list, wReprints)
				name := f.Grid.Code
				if f.standing.Of.Kind == board.OfBuilding {
					name = f.standing.Of.Key.String()
				}
				v.Note = along(here, withOf(list, boardValue(f.standing, name)))
			}
		}
		body, err := d.framed(here, sheet.Title, "board", v, false)
		if err != nil {
			return nil, err
		}
		_, err = w.Write(body)
		return []MissingOn{{f.Grid.Code, string(missing)}}, err
	}
	return made{facts: facts, boards: []*Facts{f}, write: write}
}

// formats are the choices of a sheet's size and orientation.
func formats(chosen Format, lang fault.Language) (sizes, orientations []option) {
	for _, s := range Sizes {
		sizes = append(sizes, option{s, strings.ToUpper(s), s == chosen.Size})
	}
	return sizes, []option{{"landscape", wLandscape.in(lang), chosen.Landscape}, {"portrait", wPortrait.in(lang), !chosen.Landscape}}
}

// state says how a board stands to what was printed of it, and whether nothing that hangs has to be replaced.
func (f Facts) state() (says string, current bool) {
	st := f.standing
	switch {
	case st.Printed == nil:
		return fmt.Sprintf(wNever.in(f.Lang), f.Revision), true
	case st.Changed == nil:
		return fmt.Sprintf(wAsPrinted.in(f.Lang), f.Revision, st.Printed.On), true
	}
	return fmt.Sprintf(wMoved.in(f.Lang), f.Revision, st.Printed.Revision, st.Printed.On, changedIn(st.Changed, f.Lang)), false
}

// framed is one of the templates, filled with v, as a page.
func (d *door) framed(r *http.Request, title, name string, v any, unlisted bool) ([]byte, error) {
	var body bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&body, name, v); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return d.frame(r, Page{Title: title, Style: template.CSS(pageStyle), Body: template.HTML(body.String()), Unlisted: unlisted}) // escaped by the template
}

// readsPages reports whether a person's browser asks, rather than a program.
func readsPages(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/html")
}

// refuse answers r with err: a page with a way home for who reads pages, JSON for programs.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	refusal := answer.Refuse(r, d.log, err)
	if !readsPages(r) || refusal.Status == answer.StatusClosed {
		refusal.Write(w, r)
		return
	}
	v := struct {
		speaker
		Says, Incident, Home, Account string
	}{speaker{answer.Language(r, fault.Chinese)}, "", refusal.ID, along(r, "/"), ""}
	if refusal.Status == http.StatusForbidden { // somebody else may do it
		v.Account = along(r, "/account")
	}
	v.Says = refusal.Fault.Text(v.Lang)
	body, failed := d.framed(r, wBoard.in(v.Lang), "refusal", v, true)
	if failed != nil {
		answer.Refuse(r, d.log, failed).Write(w, r)
		return
	}
	d.sendPage(w, refusal.Status, body, pagePolicy)
}

// sendPage sends a page that nobody keeps.
func (d *door) sendPage(w http.ResponseWriter, status int, body []byte, policy string) {
	header := w.Header()
	header.Del("ETag")
	header.Set("Content-Type", mediaTypes["html"])
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", policy)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the sender may be gone; nobody is left to tell
}
