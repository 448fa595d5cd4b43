package web

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"wangge/domain/account"
	"wangge/domain/grid"
	"wangge/domain/place"
	"wangge/domain/staff"
	"wangge/internal/answer"
)

// where answers GET and HEAD /where?lng=&lat=&crs=&accuracy=&address=, the resident's question as one small JSON object. An
// address may stand with a point or alone; alone and
// naming no one place for sure, the answer's rule is NONE and its candidates are the grids that it may mean. A refusal is {"error": {code, field, message}} with the
// status of its code, and with the request's id where the fault is ours; the message is English unless Chinese is
// asked for by lang or Accept-Language.
func (s *site) where(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept-Language")
	answered, err := s.find(r)
	var body jsonText
	if err == nil {
		buffer := buffers.Get().(*[]byte)
		body.b = (*buffer)[:0]
		defer func() {
			*buffer = body.b
			buffers.Put(buffer)
		}()
		body.where(answered)
		err = body.err
	}
	if err != nil {
		refusal := answer.Refuse(r, s.log, err)
		refusal.Field = parameter(err)
		refusal.Write(w, r)
		return
	}
	s.sayAge(w.Header(), answered.asOf)
	reply(w, r, http.StatusOK, asJSON, body.b)
}

// found is what there is to say of a spot or an address.
type found struct {
	grid.Match
	public   string            // what addresses start with
	onCall   *staff.Assignment // whom to call; nil: nobody
	division *place.Division   // around the spot; nil: not known
	asOf     time.Time         // the time the data is of; zero where that is now
}

func (s *site) find(r *http.Request) (*found, error) {
	var space [6]param
	values, err := query(r.URL, space[:0])
	if err != nil {
		return nil, err
	}
	address, alone, err := addressOf(values)
	if err != nil {
		return nil, err
	}
	var q grid.AtQuery
	if !alone {
		if q, err = question(values); err != nil {
			return nil, err
		}
		q.Address = address
	}
	out := &found{public: s.publicURL}
	read := s.read
	if address == "" { // memory knows where a spot is: to keep an eye on the time would take a tenth of it
		read = s.readLong
	}
	err = read(r, func(ctx context.Context, actor account.Actor) (err error) {
		if alone {
			out.Match, err = s.grids.AtAddress(ctx, actor, address, nil)
		} else {
			out.Match, err = s.grids.At(ctx, actor, q)
		}
		if err == nil {
			err = s.beside(ctx, actor, out)
		}
		return err
	})
	out.asOf = s.staleSince()
	return out, err
}

// beside reads what stands beside the grid that was found: whom to call, and the division around the spot. They are asked for
// one by one, not by lists and maps as pages ask, which would take a fifth of the time of an answer from memory.
func (s *site) beside(ctx context.Context, actor account.Actor, out *found) (err error) {
	if g := out.Grid; g != nil {
		if out.onCall, err = s.staff.OnCallOf(ctx, actor, staff.GridRef{Key: g.Key, GroupID: g.GroupID}, nil); err != nil {
			return err
		}
	}
	if id := out.DivisionID; id != nil {
		out.division, err = s.places.Division(ctx, actor, *id)
	}
	return err
}

// buffers hold the text of answers while they are written.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// jsonText is JSON written by hand, in the very bytes of json.Marshal, which takes four times as long over an answer
// this small. err is what could not be written.
type jsonText struct {
	b   []byte
	err error
}

// where writes the answer of GET /where, with a line's end.
func (j *jsonText) where(f *found) {
	j.raw(`{"rule":`)
	j.text(string(f.Rule))
	j.raw(`,"grid":`)
	if g := f.Grid; g == nil {
		j.raw(`null`)
	} else {
		j.raw(`{"code":`)
		j.text(g.Code)
		j.raw(`,"name":`)
		j.text(g.Name)
		j.raw(`,"url":`)
		j.text(f.public + gridPath(g.Code))
		j.raw(`}`)
	}
	j.raw(`,"worker":`)
	if f.onCall == nil {
		j.raw(`null`)
	} else {
		w := &f.onCall.Worker
		j.raw(`{"name":`)
		j.text(w.Name)
		j.raw(`,"workPhone":`)
		if w.WorkPhone == "" {
			j.raw(`null`)
		} else {
			j.text(w.WorkPhone)
		}
		j.raw(`,"photoUrl":`)
		if !w.HasPhoto {
			j.raw(`null`)
		} else {
			j.text(f.public + photoPath(*w))
		}
		j.raw(`}`)
	}
	j.raw(`,"needsConfirmation":`)
	j.b = strconv.AppendBool(j.b, f.NeedsConfirmation)
	j.raw(`,"boundaryDistanceM":`)
	if f.BoundaryDistanceM == nil {
		j.raw(`null`)
	} else {
		j.number(toCentimetres(*f.BoundaryDistanceM))
	}
	j.raw(`,"candidates":[`)
	for i, c := range f.Candidates {
		if i > 0 {
			j.raw(`,`)
		}
		j.raw(`{"code":`)
		j.text(c.Grid.Code)
		j.raw(`,"name":`)
		j.text(c.Grid.Name)
		j.raw(`,"probability":`)
		j.number(c.Probability)
		j.raw(`,"distanceM":`)
		j.number(toCentimetres(c.DistanceM))
		j.raw(`}`)
	}
	j.raw(`],"division":`)
	if d := f.division; d == nil {
		j.raw(`null`)
	} else {
		j.raw(`{"code":`)
		j.text(d.Code)
		j.raw(`,"name":`)
		j.text(d.Name)
		j.raw(`}`)
	}
	if !f.asOf.IsZero() {
		j.raw(`,"dataAsOf":`)
		j.text(f.asOf.UTC().Format(time.RFC3339))
	}
	j.raw("}\n")
}

func (j *jsonText) raw(s string) { j.b = append(j.b, s...) }

// text writes s as it is where nothing in it is escaped; all else is left to package json.
func (j *jsonText) text(s string) {
	if !plain(s) {
		j.marshal(s)
		return
	}
	j.b = append(j.b, '"')
	j.b = append(j.b, s...)
	j.b = append(j.b, '"')
}

// plain reports whether package json writes s without a change. Characters that begin with the byte E2 are not looked at
// closely: two of them, the ends of lines and paragraphs, are escaped.
func plain(s string) bool {
	var any byte
	for i := range len(s) {
		if escaped[s[i]] {
			return false
		}
		any |= s[i]
	}
	return any < utf8.RuneSelf || utf8.ValidString(s)
}

// escaped are the bytes that package json may write another way.
var escaped = func() (bytes [256]bool) {
	for c := range ' ' {
		bytes[c] = true
	}
	for _, c := range []byte("\"\\<>&\xe2") {
		bytes[c] = true
	}
	return bytes
}()

// number writes f. Package json writes the very small and the very large another way, and refuses what is no number.
func (j *jsonText) number(f float64) {
	if abs := math.Abs(f); abs == 0 || 1e-6 <= abs && abs < 1e21 {
		j.b = strconv.AppendFloat(j.b, f, 'f', -1, 64)
		return
	}
	j.marshal(f)
}

func (j *jsonText) marshal(v any) {
	text, err := json.Marshal(v)
	if err != nil && j.err == nil {
		j.err = err
	}
	j.b = append(j.b, text...)
}

// toCentimetres rounds m metres to what a person could measure.
func toCentimetres(m float64) float64 { return math.Round(m*100) / 100 }
