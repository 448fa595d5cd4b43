package signboard

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/internal/answer"
	"wangge/internal/fault"
	"wangge/signboard/chart"
	"wangge/signboard/paper"
)

// Options are what boards over HTTP need. Source and Fonts are required.
type Options struct {
	Source *Source
	Fonts  *paper.Fonts
	Frame  Frame        // of the pages
	Prints Prints       // nil: there is no page of what is to be printed
	Log    *slog.Logger // nil: slog.Default()
	Cache  int64        // bytes of finished boards that are kept; 0: 64 MB

	// Of the page of what is to be printed.
	SameOrigin func(*http.Request) error        // refuses what the page of another site made a browser send; required where there are Prints
	Audit      Audit                            // nil: nothing is noted
	Origin     func(*http.Request) audit.Origin // where a request comes from, for Audit; nil: that is not noted

	// Version names the state of the data: as long as it is the same, so is what boards say. false: it is not known now; nil: never, and what a board
	// says is read each time.
	Version func() (string, bool)
}

type door struct {
	*Source
	fonts    *paper.Fonts
	frame    Frame
	prints   Prints
	audit    Audit
	log      *slog.Logger
	drawer   string // this program and its fonts: others draw the same otherwise
	version  func() (string, bool)
	origin   func(*http.Request) audit.Origin
	latest   atomic.Pointer[string]      // the last version that was known
	names    *otter.Cache[string, named] // of files, by what was asked for
	kept     *otter.Cache[string, file]  // by their names
	reading  singleflight.Group          // what is being read, by what was asked for
	readings *semaphore.Weighted         // of the connections to the database that reading may take
	now      singleflight.Group          // what is being drawn, by name
	turns    *semaphore.Weighted         // to draw
	bulk     *semaphore.Weighted         // to make one file of many boards

	sameOrigin func(*http.Request) error
}

// drawings is how many files are drawn at a time: a processor each, and an atlas takes it for seconds. readings is how many boards are read at a time: each holds a
// connection, of which most are left to who asks for something small; an atlas, which holds one for seconds, counts for atlasReadings.
const (
	drawings      = 2
	readings      = 4
	atlasReadings = 2
	keptNames     = 20_000 // of some 200 bytes
)

var _ = fault.Register(
	[3]string{"board.size", "size is one of a0, a1, a2, a3, a4.", "size 应为 a0、a1、a2、a3 或 a4。"},
	[3]string{"board.orientation", "orientation is landscape or portrait.", "orientation 应为 landscape（横向）或 portrait（纵向）。"},
	[3]string{"board.badge", "format is card or hanging.", "format 应为 card（卡片）或 hanging（挂式）。"},
	[3]string{"board.noFile", "There is no such board: its name ends in .svg, .pdf or .png, or in nothing for the page.", "没有这种公示牌：文件名应以 .svg、.pdf 或 .png 结尾，网页则没有后缀。"},
	[3]string{"board.nobody", "Nobody is in office in this grid, so there is no badge.", "该网格暂无在岗网格员，没有工作证。"},
)

// Register adds the boards, cards, leaflets, badges, atlases and maps to mux. The actor must be in the request's context (account.NewContext).
func Register(mux *http.ServeMux, o Options) {
	d := newDoor(o)
	mux.HandleFunc("GET /signboards/{name}", d.answers(d.grid))
	mux.HandleFunc("GET /signboards/buildings/{name}", d.answers(d.building))
	mux.HandleFunc("GET /signboards/cards/{name}", d.answers(d.cards))
	mux.HandleFunc("GET /signboards/leaflet/{name}", d.answers(d.leaflet))
	mux.HandleFunc("GET /signboards/badges/{name}", d.answers(d.badges))
	mux.HandleFunc("GET /signboards/atlas/{name}", d.answers(d.atlas))
	mux.HandleFunc("GET /g/{code}/map.svg", d.answers(d.gridMap))
	mux.HandleFunc("GET /map.svg", d.answers(d.overview))
	mux.HandleFunc("GET /c/{code}/map.svg", d.answers(d.overview))
	d.registerReprints(mux)
}

func newDoor(o Options) *door {
	d := &door{Source: o.Source, fonts: o.Fonts, frame: o.Frame, prints: o.Prints, sameOrigin: o.SameOrigin, audit: o.Audit, origin: o.Origin, log: cmp.Or(o.Log, slog.Default()), drawer: program(), version: o.Version,
		readings: semaphore.NewWeighted(readings), turns: semaphore.NewWeighted(drawings), bulk: semaphore.NewWeighted(1)}
	if o.Fonts != nil {
		d.drawer += " " + o.Fonts.Fingerprint()
	}
	if d.version == nil {
		d.version = func() (string, bool) { return "", false }
	}
	d.names = otter.Must(&otter.Options[string, named]{MaximumSize: keptNames})
	d.kept = otter.Must(&otter.Options[string, file]{MaximumWeight: uint64(cmp.Or(o.Cache, 64<<20)), Weigher: func(k string, v file) uint32 {
		return uint32(min(len(k)+len(v.body)+len(v.missing)+200, math.MaxUint32))
	}})
	return d
}

// question is what a request asks for. All files that may differ in the same state of the data differ in kind, look, of or lang.
type question struct {
	kind   string         // of the file: svg, pdf, png, html
	look   string         // what is drawn and how: size and the like
	of     string         // a code or an id
	lang   fault.Language // that the sender reads
	weight int64          // of reading it; 0: 1
	policy string         // of the page's content; "": nothing is loaded
	read   func(ctx context.Context, actor account.Actor, lang fault.Language) (made, error)
}

// made is what was read for a question: what is to be said, and how it is written.
type made struct {
	name   string   // of the file, see door.name
	facts  any      // what it says, as JSON
	boards []*Facts // whose photos are still to be read: facts and write look at them
	write  func(context.Context, io.Writer) ([]MissingOn, error)
}

// file is something that was made.
type file struct {
	body    []byte
	missing string // the header that says what the font lacks; "": nothing
}

// missingHeader says what the font lacks of a file, for a program that hands it to a print shop: each grid's code (a community's, for the pages of an
// atlas that are no grid's) with the characters, percent-encoded in UTF-8: "140403007002009=%F0%AC%AD%8E, 140403007002012=%E3%94%BE". Where that is longer than proxies
// let through it ends early with ", +3": three codes are left out, or not told with all their characters.
const missingHeader = "Wangge-Missing-Characters"

// maxMissing is how many bytes of missingHeader are told; proxies refuse an answer whose headers take some 4 KB together.
const maxMissing = 2000

func missingIn(list []MissingOn) string {
	list = slices.DeleteFunc(slices.Clone(list), func(m MissingOn) bool { return m.Characters == "" })
	out := ""
	for i, m := range list {
		entry := url.PathEscape(m.Code) + "="
		if i > 0 {
			entry = ", " + entry
		}
		for _, r := range m.Characters {
			if entry += url.PathEscape(string(r)); len(out)+len(entry) <= maxMissing {
				continue
			}
			if i == 0 { // of one that is too long by itself some are better than none
				out = entry[:len(entry)-len(url.PathEscape(string(r)))]
			}
			return fmt.Sprintf("%s, +%d", out, len(list)-i)
		}
		out += entry
	}
	return out
}

var mediaTypes = map[string]string{"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png", "html": "text/html; charset=utf-8"}

// answers sends what is asked for.
func (d *door) answers(ask func(r *http.Request) (question, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Language")
		q, err := ask(r)
		if err == nil {
			q.lang = answer.Language(r, fault.Chinese)
			err = d.send(w, r, q)
		}
		if err != nil {
			d.refuse(w, r, err)
		}
	}
}

// program tells this build from others: by its commit, or where it has changes that are in none by what it is; "" where that cannot be read.
func program() string {
	revision, changed := "", true
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				changed = s.Value != "false"
			}
		}
	}
	if revision != "" && !changed {
		return revision
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	h := xxhash.New()
	if _, err := io.Copy(h, file); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// caught makes an error of a panic, which would end the server where it runs beside the request.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("making a board: %v\n%s", p, debug.Stack())
	}
}

// whileAsked is pages until ctx is done.
func whileAsked(ctx context.Context, pages iter.Seq2[*paper.Sheet, MissingOn]) iter.Seq2[*paper.Sheet, MissingOn] {
	return func(yield func(*paper.Sheet, MissingOn) bool) {
		for page, missing := range pages {
			if ctx.Err() != nil || !yield(page, missing) {
				return
			}
		}
	}
}

// asked is what a name in an address asks for: "140403007002003.pdf".
func asked(name string, kinds ...string) (of, kind string, err error) {
	of, kind = name, "html"
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		of, kind = name[:i], name[i+1:]
	}
	if of == "" || !slices.Contains(kinds, kind) {
		return "", "", fault.New(fault.NotFound, "", "board.noFile")
	}
	return of, kind, nil
}

var usualFormat = Format{Size: "a3", Landscape: true}

// formatOf reads ?size= and ?orientation=; usualFormat where they are not given.
func formatOf(q url.Values) (Format, error) {
	f := usualFormat
	if s := q.Get("size"); s != "" {
		if f.Size = strings.ToLower(s); !slices.Contains(Sizes, f.Size) {
			return f, fault.New(fault.Invalid, "size", "board.size")
		}
	}
	switch q.Get("orientation") {
	case "", "landscape":
	case "portrait":
		f.Landscape = false
	default:
		return f, fault.New(fault.Invalid, "orientation", "board.orientation")
	}
	return f, nil
}

func (f Format) orientation() string {
	if f.Landscape {
		return "landscape"
	}
	return "portrait"
}

func (d *door) grid(r *http.Request) (question, error) {
	code, kind, err := asked(r.PathValue("name"), "html", "svg", "pdf", "png")
	if err != nil {
		return question{}, err
	}
	return d.board(r, kind, "/signboards/"+url.PathEscape(code), func(ctx context.Context, actor account.Actor, lang fault.Language) (Facts, string, error) {
		f, err := d.readGrid(ctx, actor, code, lang)
		return f, "/signboards/" + url.PathEscape(f.Grid.Code), err
	})
}

func (d *door) building(r *http.Request) (question, error) {
	id, kind, err := asked(r.PathValue("name"), "html", "svg", "pdf", "png")
	if err != nil {
		return question{}, err
	}
	k, ok := key.Parse(id)
	if !ok {
		return question{}, fault.New(fault.NotFound, "id", "board.noBuilding")
	}
	at := "/signboards/buildings/" + k.String()
	return d.board(r, kind, at, func(ctx context.Context, actor account.Actor, lang fault.Language) (Facts, string, error) {
		f, err := d.readBuilding(ctx, actor, k, lang)
		return f, at, err
	})
}

// board asks for a board as a file of a kind, at an address without the end; read also tells the address that it has today.
func (d *door) board(r *http.Request, kind, at string, read func(context.Context, account.Actor, fault.Language) (Facts, string, error)) (question, error) {
	format, err := formatOf(r.URL.Query())
	q := question{kind: kind, look: format.Size + " " + format.orientation(), of: at, read: func(ctx context.Context, actor account.Actor, lang fault.Language) (made, error) {
		f, _, err := read(ctx, actor, lang)
		return made{facts: &f, boards: []*Facts{&f}, write: func(_ context.Context, w io.Writer) ([]MissingOn, error) {
			sheet, missing := Board(f, format, d.fonts)
			return []MissingOn{{f.Grid.Code, string(missing)}}, d.write(w, kind, sheet)
		}}, err
	}}
	if kind == "html" {
		here := bare(r, at, format)
		q.look, q.policy = q.look+" "+here.URL.RequestURI(), pagePolicy
		q.read = func(ctx context.Context, actor account.Actor, lang fault.Language) (made, error) {
			f, at, err := read(ctx, actor, lang)
			return d.page(here, &f, format, at), err
		}
	}
	return q, err
}

// screenDots is how fine a PNG is: dots an inch, of A4; larger sheets have as many dots.
const screenDots = 120

func (d *door) write(w io.Writer, kind string, sheet *paper.Sheet) error {
	switch kind {
	case "pdf":
		return paper.WritePDF(w, slices.Values([]*paper.Sheet{sheet}), d.fonts)
	case "png":
		dots := screenDots * math.Sqrt(210*297/(sheet.W*sheet.H))
		return paper.WritePNG(w, sheet, d.fonts, dots)
	}
	return paper.WriteSVG(w, sheet, d.fonts)
}

func (d *door) cards(r *http.Request) (question, error) {
	return d.ofGrid(r, "cards", d.oneSheet(Cards))
}

func (d *door) leaflet(r *http.Request) (question, error) {
	return d.ofGrid(r, "leaflet", d.oneSheet(Leaflet))
}

// badges are those of a grid's workers, a page each.
func (d *door) badges(r *http.Request) (question, error) {
	format := BadgeCard
	if s := r.URL.Query().Get("format"); s != "" {
		if format = BadgeFormat(s); format != BadgeCard && format != BadgeHanging {
			return question{}, fault.New(fault.Invalid, "format", "board.badge")
		}
	}
	q, err := d.ofGrid(r, "badges "+string(format), func(f Facts, w io.Writer) (missing []rune, err error) {
		err = paper.WritePDF(w, func(yield func(*paper.Sheet) bool) {
			for _, one := range f.Workers {
				sheet, lacks := Badge(f, one, format, d.fonts)
				missing = append(missing, lacks...)
				if !yield(sheet) {
					return
				}
			}
		}, d.fonts)
		return missing, err
	})
	read := q.read
	q.read = func(ctx context.Context, actor account.Actor, lang fault.Language) (made, error) {
		m, err := read(ctx, actor, lang)
		if err == nil && len(m.facts.(*Facts).Workers) == 0 {
			err = fault.New(fault.NotFound, "code", "board.nobody")
		}
		return m, err
	}
	return q, err
}

// oneSheet writes what draw draws.
func (d *door) oneSheet(draw func(Facts, Measurer) (*paper.Sheet, []rune)) func(Facts, io.Writer) ([]rune, error) {
	return func(f Facts, w io.Writer) ([]rune, error) {
		sheet, missing := draw(f, d.fonts)
		return missing, d.write(w, "pdf", sheet)
	}
}

// ofGrid asks for a document about a grid; the address ends in .pdf.
func (d *door) ofGrid(r *http.Request, look string, write func(Facts, io.Writer) (missing []rune, err error)) (question, error) {
	code, kind, err := asked(r.PathValue("name"), "pdf")
	return question{kind: kind, look: look, of: code, read: func(ctx context.Context, actor account.Actor, lang fault.Language) (made, error) {
		f, err := d.readGrid(ctx, actor, code, lang)
		return made{facts: &f, boards: []*Facts{&f}, write: func(_ context.Context, w io.Writer) ([]MissingOn, error) {
			lacks := MissingOn{Code: f.Grid.Code}
			missing, err := write(f, w)
			lacks.add(missing)
			return []MissingOn{lacks}, err
		}}, err
	}}, err
}

func (d *door) atlas(r *http.Request) (question, error) {
	code, kind, err := asked(r.PathValue("name"), "pdf")
	return question{kind: kind, look: "atlas", of: code, weight: atlasReadings, read: func(ctx context.Context, actor account.Actor, lang fault.Language) (made, error) {
		a, err := d.readCommunity(ctx, actor, code, lang)
		boards := make([]*Facts, len(a.Grids))
		for i := range a.Grids {
			boards[i] = &a.Grids[i]
		}
		return made{facts: &a, boards: boards, write: func(ctx context.Context, w io.Writer) ([]MissingOn, error) {
			lacks := []MissingOn{{Code: a.Code}}
			err := paper.WritePDF(w, func(yield func(*paper.Sheet) bool) {
				for page, missing := range whileAsked(ctx, Atlas(a, d.fonts)) {
					if missing.Code == a.Code {
						lacks[0].add([]rune(missing.Characters))
					} else {
						lacks = append(lacks, missing)
					}
					if !yield(page) {
						return
					}
				}
			}, d.fonts)
			return lacks, cmp.Or(err, ctx.Err()) // it ended early
		}}, err
	}}, err
}

// gridMap is the map of a grid alone, whose neighbours can be tapped: it leads on without a script.
func (d *door) gridMap(r *http.Request) (question, error) {
	code := r.PathValue("code")
	return d.mapOf(r, "map", code, func(ctx context.Context, actor account.Actor, lang fault.Language) (Facts, error) {
		return d.Map(ctx, actor, code, lang)
	}), nil
}

// overview is the map of all there is, or of a division, that leads on without a script.
func (d *door) overview(r *http.Request) (question, error) {
	code := r.PathValue("code")
	return d.mapOf(r, "overview", code, func(ctx context.Context, actor account.Actor, lang fault.Language) (Facts, error) {
		return d.Overview(ctx, actor, code, lang)
	}), nil
}

// mapOf asks for a map alone. Its links stay within this site, wherever it is seen, and in the language and the size of text that were asked for.
func (d *door) mapOf(r *http.Request, look, of string, read func(context.Context, account.Actor, fault.Language) (Facts, error)) question {
	here := r.Clone(context.WithoutCancel(r.Context()))
	return question{kind: "svg", look: look + along(here, ""), of: of, policy: "default-src 'none'; img-src data:",
		read: func(ctx context.Context, actor account.Actor, lang fault.Language) (made, error) {
			f, err := read(ctx, actor, lang)
			for _, list := range [][]chart.Grid{f.Scene.Grids, f.Scene.Neighbours} {
				for i := range list {
					list[i].URL = along(here, strings.TrimPrefix(list[i].URL, d.PublicURL))
				}
			}
			facts := struct {
				Name  string
				Scene chart.Scene
			}{f.Grid.Name, f.Scene}
			return made{facts: facts, write: func(_ context.Context, w io.Writer) ([]MissingOn, error) {
				return nil, paper.WriteSVG(w, mapSheet(f, d.fonts), d.fonts)
			}}, err
		}}
}

// mapSheet is the map alone.
func mapSheet(f Facts, m Measurer) *paper.Sheet {
	const w, h = 98, 98 // a phone is so wide
	b := &drawing{pen: pen{m: m, scale: 1}, Facts: f}
	o := b.options()
	o.Text, o.Tap = 3.2, 12 // 12 px, and what a finger hits
	if o.Small = len(f.Scene.Grids) > 1; o.Small {
		o.Least = o.Text
	}
	return &paper.Sheet{W: w, H: h, Screen: true, Title: paper.Clean(f.Grid.Name), Lang: b.tag(), Items: []paper.Item{chart.Draw(f.Scene, paper.Box{W: w, H: h}, o, m)}}
}
