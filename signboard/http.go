package signboard

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"wangge/domain/account"
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
	Log    *slog.Logger // nil: slog.Default()
	Cache  int64        // bytes of finished boards that are kept; 0: 64 MB
}

type door struct {
	*Source
	fonts  *paper.Fonts
	log    *slog.Logger
	drawer string // this program and its fonts: others draw the same otherwise
	kept   *otter.Cache[string, []byte]
	now    singleflight.Group  // what is being drawn, by name
	turns  *semaphore.Weighted // to draw
}

// drawings is how many files are drawn at a time: a processor each, and an atlas takes it for seconds.
const drawings = 2

var _ = fault.Register(
	[3]string{"board.size", "size is one of a0, a1, a2, a3, a4.", "size 应为 a0、a1、a2、a3 或 a4。"},
	[3]string{"board.orientation", "orientation is landscape or portrait.", "orientation 应为 landscape（横向）或 portrait（纵向）。"},
	[3]string{"board.badge", "format is card or hanging.", "format 应为 card（卡片）或 hanging（挂式）。"},
	[3]string{"board.noFile", "There is no such board: its name ends in .svg, .pdf or .png, or in nothing for the page.", "没有这种公示牌：文件名应以 .svg、.pdf 或 .png 结尾，网页则没有后缀。"},
	[3]string{"board.nobody", "Nobody is in office in this grid, so there is no badge.", "该网格暂无在岗网格员，没有工作证。"},
)

// Register adds the boards, cards, leaflets, badges, atlases and maps to mux. The actor must be in the request's context (account.NewContext).
func Register(mux *http.ServeMux, o Options) {
	d := &door{Source: o.Source, fonts: o.Fonts, log: o.Log, drawer: program() + " " + o.Fonts.Fingerprint(), turns: semaphore.NewWeighted(drawings)}
	if d.log == nil {
		d.log = slog.Default()
	}
	most := o.Cache
	if most == 0 {
		most = 64 << 20
	}
	d.kept = otter.Must(&otter.Options[string, []byte]{MaximumWeight: uint64(most), Weigher: func(k string, v []byte) uint32 {
		return uint32(min(len(k)+len(v)+200, math.MaxUint32))
	}})
	mux.HandleFunc("GET /signboards/{name}", d.answers(d.grid))
	mux.HandleFunc("GET /signboards/buildings/{name}", d.answers(d.building))
	mux.HandleFunc("GET /signboards/cards/{name}", d.answers(d.cards))
	mux.HandleFunc("GET /signboards/leaflet/{name}", d.answers(d.leaflet))
	mux.HandleFunc("GET /signboards/badges/{name}", d.answers(d.badges))
	mux.HandleFunc("GET /signboards/atlas/{name}", d.answers(d.atlas))
	mux.HandleFunc("GET /g/{code}/map.svg", d.answers(d.gridMap))
	mux.HandleFunc("GET /map.svg", d.answers(d.overview))
	mux.HandleFunc("GET /c/{code}/map.svg", d.answers(d.overview))
}

// made is something to send: what it depends on, and how it is written. It is written once for all who ask for the same.
type made struct {
	kind   string // of the file: svg, pdf, png, html
	facts  any    // what it says, as JSON
	look   string // how: size and the like
	write  func(context.Context, io.Writer) error
	policy string // of the page's content; "": nothing is loaded
}

var mediaTypes = map[string]string{"svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png", "html": "text/html; charset=utf-8"}

// answers sends what make makes. The ETag is of all that it depends on, so that nothing is written for who has it.
func (d *door) answers(make func(ctx context.Context, r *http.Request) (made, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Language")
		m, err := make(r.Context(), r)
		if err == nil {
			err = d.send(w, r, m)
		}
		if err != nil {
			answer.Refuse(r, d.log, err).Write(w, r)
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

func (d *door) send(w http.ResponseWriter, r *http.Request, m made) error {
	name, err := d.name(m)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("ETag", `"`+name+`"`)
	header.Set("Cache-Control", "no-cache")
	header.Set("Content-Type", mediaTypes[m.kind])
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", m.policy)
	if m.policy == "" {
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	}
	if slices.ContainsFunc(strings.Split(r.Header.Get("If-None-Match"), ","), func(s string) bool {
		s = strings.TrimPrefix(strings.TrimSpace(s), "W/")
		return s == `"`+name+`"` || s == "*"
	}) {
		header.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := d.drawn(r.Context(), name, m.write)
	if err != nil {
		return err
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the sender may be gone; nobody is left to tell
	return nil
}

// drawn is the file of a name: kept, or drawn once for all who ask for it meanwhile, when there is a turn. Who leaves does not wait on; where it was drawn
// for one who left, the next who waits begins anew.
func (d *door) drawn(ctx context.Context, name string, write func(context.Context, io.Writer) error) ([]byte, error) {
	for {
		if body, ok := d.kept.GetIfPresent(name); ok {
			return body, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
		case done := <-d.now.DoChan(name, func() (any, error) { return d.draw(ctx, name, write) }):
			switch {
			case done.Err == nil:
				return done.Val.([]byte), nil
			case !errors.Is(done.Err, errLeft):
				return nil, done.Err
			}
		}
	}
}

// errLeft is that a drawing ended since who asked for it left.
var errLeft = errors.New("who asked for the drawing left")

// draw draws a file and keeps it.
func (d *door) draw(ctx context.Context, name string, write func(context.Context, io.Writer) error) (body []byte, err error) {
	defer func() { // it runs beside the request: a panic would end the server
		if p := recover(); p != nil {
			err = fmt.Errorf("drawing a board: %v\n%s", p, debug.Stack())
		}
	}()
	if err := d.turns.Acquire(ctx, 1); err != nil {
		return nil, errors.Join(errLeft, err)
	}
	defer d.turns.Release(1)
	if body, ok := d.kept.GetIfPresent(name); ok { // drawn since it was looked for
		return body, nil
	}
	var b bytes.Buffer
	switch err := write(ctx, &b); {
	case ctx.Err() != nil:
		return nil, errors.Join(errLeft, ctx.Err())
	case err != nil:
		return nil, err
	}
	d.kept.Set(name, b.Bytes())
	return b.Bytes(), nil
}

// whileAsked is pages until ctx is done.
func whileAsked(ctx context.Context, pages iter.Seq[*paper.Sheet]) iter.Seq[*paper.Sheet] {
	return func(yield func(*paper.Sheet) bool) {
		for page := range pages {
			if ctx.Err() != nil || !yield(page) {
				return
			}
		}
	}
}

// name is of all that a file depends on: what it says and how, and who draws it.
func (d *door) name(m made) (string, error) {
	h := xxhash.New()
	if err := sum(h, d.drawer, m.kind, m.look); err != nil {
		return "", err
	}
	if err := json.NewEncoder(h).Encode(m.facts); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func sum(h hash.Hash, parts ...string) error {
	for _, p := range parts {
		if _, err := h.Write(append([]byte(p), 0)); err != nil {
			return err
		}
	}
	return nil
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

// formatOf reads ?size= and ?orientation=; A3 landscape where they are not given.
func formatOf(q url.Values) (Format, error) {
	f := Format{Size: "a3", Landscape: true}
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

func (d *door) grid(ctx context.Context, r *http.Request) (made, error) {
	code, kind, err := asked(r.PathValue("name"), "html", "svg", "pdf", "png")
	if err != nil {
		return made{}, err
	}
	format, err := formatOf(r.URL.Query())
	if err != nil {
		return made{}, err
	}
	f, err := d.Grid(ctx, account.FromContext(ctx), code, answer.Language(r, fault.Chinese))
	if err != nil {
		return made{}, err
	}
	return d.board(f, format, kind, "/signboards/"+url.PathEscape(f.Grid.Code)), nil
}

func (d *door) building(ctx context.Context, r *http.Request) (made, error) {
	id, kind, err := asked(r.PathValue("name"), "html", "svg", "pdf", "png")
	if err != nil {
		return made{}, err
	}
	format, err := formatOf(r.URL.Query())
	if err != nil {
		return made{}, err
	}
	k, ok := key.Parse(id)
	if !ok {
		return made{}, fault.New(fault.NotFound, "id", "board.noBuilding")
	}
	f, err := d.Building(ctx, account.FromContext(ctx), k, answer.Language(r, fault.Chinese))
	if err != nil {
		return made{}, err
	}
	return d.board(f, format, kind, "/signboards/buildings/"+k.String()), nil
}

// board is a board as a file of a kind; at is its address, without the end.
func (d *door) board(f Facts, format Format, kind, at string) made {
	m := made{kind: kind, facts: f, look: format.Size + " " + format.orientation() + " " + at}
	m.write = func(_ context.Context, w io.Writer) error {
		sheet, missing := Board(f, format, d.fonts)
		if kind == "html" {
			return d.page(w, f, format, sheet, missing, at)
		}
		return d.write(w, kind, sheet)
	}
	if kind == "html" {
		m.policy = pagePolicy
	}
	return m
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

// ofGrid reads a grid's facts for an address that ends in .pdf.
func (d *door) ofGrid(ctx context.Context, r *http.Request) (Facts, error) {
	code, _, err := asked(r.PathValue("name"), "pdf")
	if err != nil {
		return Facts{}, err
	}
	return d.Grid(ctx, account.FromContext(ctx), code, answer.Language(r, fault.Chinese))
}

func (d *door) cards(ctx context.Context, r *http.Request) (made, error) {
	return d.oneSheet(ctx, r, "cards", Cards)
}

func (d *door) leaflet(ctx context.Context, r *http.Request) (made, error) {
	return d.oneSheet(ctx, r, "leaflet", Leaflet)
}

// oneSheet is a grid's facts on one sheet.
func (d *door) oneSheet(ctx context.Context, r *http.Request, look string, draw func(Facts, Measurer) (*paper.Sheet, []rune)) (made, error) {
	f, err := d.ofGrid(ctx, r)
	return made{kind: "pdf", facts: f, look: look, write: func(_ context.Context, w io.Writer) error {
		sheet, _ := draw(f, d.fonts)
		return d.write(w, "pdf", sheet)
	}}, err
}

// badges are those of a grid's workers, a page each.
func (d *door) badges(ctx context.Context, r *http.Request) (made, error) {
	format := BadgeCard
	if s := r.URL.Query().Get("format"); s != "" {
		if format = BadgeFormat(s); format != BadgeCard && format != BadgeHanging {
			return made{}, fault.New(fault.Invalid, "format", "board.badge")
		}
	}
	f, err := d.ofGrid(ctx, r)
	if err == nil && len(f.Workers) == 0 {
		err = fault.New(fault.NotFound, "code", "board.nobody")
	}
	return made{kind: "pdf", facts: f, look: "badges " + string(format), write: func(_ context.Context, w io.Writer) error {
		return paper.WritePDF(w, func(yield func(*paper.Sheet) bool) {
			for _, one := range f.Workers {
				if sheet, _ := Badge(f, one, format, d.fonts); !yield(sheet) {
					return
				}
			}
		}, d.fonts)
	}}, err
}

func (d *door) atlas(ctx context.Context, r *http.Request) (made, error) {
	code, _, err := asked(r.PathValue("name"), "pdf")
	if err != nil {
		return made{}, err
	}
	a, err := d.Community(ctx, account.FromContext(ctx), code, answer.Language(r, fault.Chinese))
	return made{kind: "pdf", facts: a, look: "atlas", write: func(ctx context.Context, w io.Writer) error {
		return paper.WritePDF(w, whileAsked(ctx, Atlas(a, d.fonts)), d.fonts)
	}}, err
}

// gridMap is the map of a grid alone, whose neighbours can be tapped: it leads on without a script.
func (d *door) gridMap(ctx context.Context, r *http.Request) (made, error) {
	lang := answer.Language(r, fault.Chinese)
	f, err := d.Map(ctx, account.FromContext(ctx), r.PathValue("code"), lang)
	if err != nil {
		return made{}, err
	}
	for _, list := range [][]chart.Grid{f.Scene.Grids, f.Scene.Neighbours} {
		for i := range list { // within this site, wherever it is seen
			list[i].URL = strings.TrimPrefix(list[i].URL, d.PublicURL)
		}
	}
	return d.plan(f), nil
}

// plan is the map of f as a file of its own.
func (d *door) plan(f Facts) made {
	facts := struct {
		Name  string
		Scene chart.Scene
	}{f.Grid.Name, f.Scene}
	return made{kind: "svg", facts: facts, look: "map " + string(f.Lang), write: func(_ context.Context, w io.Writer) error {
		return paper.WriteSVG(w, mapSheet(f, d.fonts), d.fonts)
	}, policy: "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
}

// mapSheet is the map alone.
func mapSheet(f Facts, m Measurer) *paper.Sheet {
	const w, h = 98, 98 // a phone is so wide
	b := &drawing{pen: pen{m: m, scale: 1}, Facts: f}
	o := b.options()
	o.Text, o.Tap = 3.2, 12 // 12 px, and what a finger hits
	return &paper.Sheet{W: w, H: h, Screen: true, Title: paper.Clean(f.Grid.Name), Lang: b.tag(), Items: []paper.Item{chart.Draw(f.Scene, paper.Box{W: w, H: h}, o, m)}}
}
