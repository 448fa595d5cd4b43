package grid

import (
	"context"
	"errors"
	"testing"

	"wangge/domain/account"
	"wangge/internal/fault"
)

// unheard knows no address: err says why.
type unheard struct{ err error }

func (u unheard) Named(context.Context, account.Actor, []Address) ([]Named, error) { return nil, u.err }

// A point with an address is answered by the point while the database is away, and says that the address was not heard.
func TestAnAddressWhileTheDatabaseIsAway(t *testing.T) {
	here := &Grid{Code: "990102001001001"}
	qs := []AtQuery{{Address: "听雨里3号楼"}, {}}
	for _, c := range []struct {
		name string
		err  error
		want fault.Code
	}{
		{"away", fault.Wrap(errors.New("dial"), fault.Unavailable, "", "database"), ""},
		{"too slow", fault.Wrap(errors.New("57014"), fault.Unavailable, "", "timeout"), fault.Unavailable},
		{"broken", errors.New("no such column"), fault.Internal},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Service{Addresses: unheard{c.err}}
			matches := []Match{{Grid: here, Rule: RuleContains}, {Grid: here, Rule: RuleContains}}
			errs := make([]error, len(qs))
			err := s.address(t.Context(), account.Anyone(), qs, make([]Point, len(qs)), []int{0, 1}, matches, errs)
			if c.want != "" {
				if !fault.Is(err, c.want) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || errs[0] != nil || matches[0].Grid != here || !matches[0].NeedsConfirmation || matches[1].NeedsConfirmation {
				t.Errorf("%v, %v, %+v", err, errs, matches)
			}
		})
	}
}

func TestNobodyWaitsForADatabaseThatIsKnownToBeAway(t *testing.T) {
	s := &Service{Addresses: nobodyAsks{t}, InTouch: func() bool { return false }}
	here := &Grid{Code: "990102001001001"}
	matches := []Match{{Grid: here, Rule: RuleContains}}
	err := s.address(t.Context(), account.Anyone(), []AtQuery{{Address: "听雨里3号楼"}}, make([]Point, 1), []int{0}, matches, make([]error, 1))
	if err != nil || matches[0].Grid != here || !matches[0].NeedsConfirmation {
		t.Errorf("%v, %+v", err, matches)
	}
}

type nobodyAsks struct{ t *testing.T }

func (n nobodyAsks) Named(context.Context, account.Actor, []Address) ([]Named, error) {
	n.t.Error("asked")
	return nil, nil
}
