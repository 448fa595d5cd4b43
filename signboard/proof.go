package signboard

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/staff"
	"wangge/internal/answer"
	"wangge/internal/fault"
	"wangge/signboard/paper"
)

//go:embed proof.html
var proofText string

var proofTemplate = template.Must(template.New("proof").Parse(proofText))

const proofPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var _ = fault.Register(
	[3]string{"board.noWorker", "There is no such worker.", "没有这位工作人员。"},
)

// proofURL is where the code of a badge leads: the page that says whether a worker is in office in a grid today.
func proofURL(public string, worker key.Key, code string) string {
	return public + "/w/" + worker.String() + "?g=" + url.QueryEscape(code)
}

// proof answers GET /w/{worker}?g=, which the code of a badge leads to: whether that person is a worker of that grid today. Of who is not, it says no
// name: a badge that was lost tells nothing more. It is never kept, since it is of today.
func (d *door) proof(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept-Language")
	body, err := d.proven(r)
	if err != nil {
		answer.Refuse(r, d.log, err).Write(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaTypes["html"])
	h.Set("Content-Security-Policy", proofPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the sender may be gone; nobody is left to tell
}

func (d *door) proven(r *http.Request) ([]byte, error) {
	worker, ok := key.Parse(r.PathValue("worker"))
	if !ok {
		return nil, fault.New(fault.NotFound, "worker", "board.noWorker")
	}
	lang := answer.Language(r, fault.Chinese)
	actor := account.FromContext(r.Context())
	var g grid.Grid
	var held *staff.Assignment
	err := d.Places.InOneState(r.Context(), actor, func(ctx context.Context) (err error) {
		if g, err = d.Grids.ByCode(ctx, actor, r.URL.Query().Get("g"), nil, grid.Fields{}); err != nil {
			return err
		}
		office, err := d.Staff.InOffice(ctx, actor, []staff.Area{{Kind: staff.AreaGrid, Home: g.Key.Home, ID: g.Key.ID}}, nil)
		list := office[g.Key.ID]
		if i := slices.IndexFunc(list, func(a staff.Assignment) bool { return a.Worker.Key == worker && a.Post == staff.GridWorker }); i >= 0 {
			held = &list[i]
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	state, verdict := "no", wNotInOffice
	switch {
	case held != nil && held.Away:
		state, verdict = "away", wAway
	case held != nil:
		state, verdict = "yes", wInOffice
	}
	view := struct {
		Lang, State, Verdict, Beside, Day, Grid, GridURL, Name, Post, Photo, Phone string
		Dial                                                                       template.URL
	}{Lang: "zh-CN", State: state, Verdict: verdict.in(lang), Beside: verdict.beside(lang), Day: d.Staff.Day(nil).String(),
		Grid: paper.Clean(g.Name), GridURL: "/g/" + url.PathEscape(g.Code)}
	if lang == fault.English {
		view.Lang = "en"
	}
	if held != nil {
		view.Name, view.Post = paper.Clean(held.Worker.Name), wWorker.in(lang)
		view.Phone = grouped(paper.Clean(held.Worker.WorkPhone))
		view.Dial = template.URL(dial(held.Worker.WorkPhone)) // digits alone
		if held.Worker.HasPhoto {
			view.Photo = "/photos/" + worker.String()
		}
	}
	var b bytes.Buffer
	err = proofTemplate.Execute(&b, view)
	return b.Bytes(), err
}
