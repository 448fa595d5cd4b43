package web

import (
	"context"
	"encoding/json"
	"math"
	"net/http"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/answer"
)

// The answer of GET /where: the resident's question as one small JSON object.
type (
	whereAnswer struct {
		Rule              grid.Rule        `json:"rule"`
		Grid              *whereGrid       `json:"grid"`
		Worker            *whereWorker     `json:"worker"`
		NeedsConfirmation bool             `json:"needsConfirmation"`
		BoundaryDistanceM *float64         `json:"boundaryDistanceM"`
		Candidates        []whereCandidate `json:"candidates"`
		Division          *whereDivision   `json:"division"`
	}
	whereGrid struct {
		Code string `json:"code"`
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	whereWorker struct {
		Name      string  `json:"name"`
		WorkPhone *string `json:"workPhone"`
		PhotoURL  *string `json:"photoUrl"`
	}
	whereCandidate struct {
		Code        string  `json:"code"`
		Name        string  `json:"name"`
		Probability float64 `json:"probability"`
		DistanceM   float64 `json:"distanceM"`
	}
	whereDivision struct {
		Code string `json:"code"`
		Name string `json:"name"`
	}
)

// where answers GET and HEAD /where?lng=&lat=&crs=&accuracy=&address=. An address may stand with a point or alone; alone and
// naming no one place for sure, the answer's rule is NONE and its candidates are the grids that it may mean. A refusal is {"error": {code, field, message}} with the
// status of its code, and with the request's id where the fault is ours; the message is English unless Chinese is
// asked for by lang or Accept-Language.
func (s *site) where(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept-Language")
	found, err := s.whereFound(r)
	var body []byte
	if err == nil {
		body, err = json.Marshal(found)
	}
	if err != nil {
		refusal := answer.Refuse(r, s.log, err)
		refusal.Field = parameter(err)
		refusal.Write(w, r)
		return
	}
	reply(w, r, http.StatusOK, "application/json; charset=utf-8", append(body, '\n'))
}

func (s *site) whereFound(r *http.Request) (found whereAnswer, err error) {
	values, err := query(r.URL)
	if err != nil {
		return found, err
	}
	address, alone, err := addressOf(values)
	if err != nil {
		return found, err
	}
	var q grid.AtQuery
	if !alone {
		if q, err = question(values); err != nil {
			return found, err
		}
		q.Address = address
	}
	err = s.read(r, func(ctx context.Context, actor account.Actor) error {
		var match grid.Match
		if alone {
			match, err = s.grids.AtAddress(ctx, actor, address, nil)
		} else {
			match, err = s.grids.At(ctx, actor, q)
		}
		if err == nil {
			found, err = s.whereMatched(ctx, actor, match)
		}
		return err
	})
	return found, err
}

func (s *site) whereMatched(ctx context.Context, actor account.Actor, match grid.Match) (whereAnswer, error) {
	found := whereAnswer{Rule: match.Rule, NeedsConfirmation: match.NeedsConfirmation, Candidates: []whereCandidate{}}
	if d := match.BoundaryDistanceM; d != nil {
		shown := toCentimetres(*d)
		found.BoundaryDistanceM = &shown
	}
	for _, c := range match.Candidates {
		found.Candidates = append(found.Candidates, whereCandidate{Code: c.Grid.Code, Name: c.Grid.Name,
			Probability: c.Probability, DistanceM: toCentimetres(c.DistanceM)})
	}
	if g := match.Grid; g != nil {
		found.Grid = &whereGrid{Code: g.Code, Name: g.Name, URL: s.publicURL + gridPath(g.Code)}
		onCall, err := s.staff.OnCall(ctx, actor, []staff.GridRef{{Key: g.Key, GroupID: g.GroupID}}, nil)
		if err != nil {
			return whereAnswer{}, err
		}
		if duty, ok := onCall[g.Key.ID]; ok {
			worker := duty.Worker
			found.Worker = &whereWorker{Name: worker.Name, WorkPhone: orNil(worker.WorkPhone)}
			if worker.HasPhoto {
				found.Worker.PhotoURL = orNil(s.publicURL + photoPath(worker))
			}
		}
	}
	if match.DivisionID != nil {
		divisions, err := s.places.DivisionsByID(ctx, actor, []uuid.UUID{*match.DivisionID}, place.Fields{})
		if err != nil {
			return whereAnswer{}, err
		}
		if d, ok := divisions[*match.DivisionID]; ok {
			found.Division = &whereDivision{Code: d.Code, Name: d.Name}
		}
	}
	return found, nil
}

// toCentimetres rounds m metres to what a person could measure.
func toCentimetres(m float64) float64 { return math.Round(m*100) / 100 }

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
