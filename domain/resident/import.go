package resident

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/audit"
	"wangge/domain/key"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"residents.noHousehold", "There is no household in this room: import the households first.", "该房号没有登记住户：请先导入住户。"},
	[3]string{"residents.whichHousehold", "Several households are meant: name the unit and the household's number.", "对应多户：请填写单元和户号。"},
	[3]string{"residents.sameName", "Several of this household have this name: give the identity number.", "该户有多位同名居民：请填写身份证号码。"},
	[3]string{"residents.elsewhere", "Somebody with this identity number has a file in this district already: move them, or correct one of the two.", "该身份证号码在本区县已有档案：请办理迁移或更正。"},
	[3]string{"residents.undone", "Nothing of the file was taken in.", "文件未导入任何内容。"},
)

// ImportRow is a line of a list: somebody and their household.
type ImportRow struct {
	Source                       string // "row 12"
	Building, Unit, Room, Number string // the building's code; "": there is only one unit, one household
	Person                       Person
	Residency                    Residency // without a place
}

// RowError refuses a line. It says where and why, and nothing of what stood there.
type RowError struct {
	Source string
	Fault  *fault.Error
}

// Error implements error.
func (e *RowError) Error() string { return e.Source + ": " + e.Fault.Error() }

// Unwrap returns the refusal.
func (e *RowError) Unwrap() error { return e.Fault }

// ImportOptions are how a list is taken in.
type ImportOptions struct {
	Why      Why
	District string // home key of the district whose buildings are named; "": any
	DryRun   bool
}

// ImportReport is what a list came to.
type ImportReport struct {
	Read, Added, Updated int
	Refused              []*RowError
}

// Import takes a list of residents in: who is known in the household by the identity number, or where one has none by name, is brought up to date, others are entered. A list of which a line
// is refused is refused whole. Operators only, who read nothing of what is there. An error is a fault of the store or of reading.
func (s *Service) Import(ctx context.Context, actor account.Actor, rows iter.Seq2[ImportRow, error], o ImportOptions) (report ImportReport, err error) {
	if err := actor.RequireOperator(); err != nil {
		return report, err
	}
	if err := o.Why.Check(); err != nil {
		return report, err
	}
	undone := fault.New(fault.Invalid, "file", "residents.undone")
	err = s.recorded(ctx, actor, audit.Entry{Action: Imported, Object: audit.Object{Kind: "RESIDENT"}, District: o.District, Purpose: o.Why.Purpose, Case: o.Why.Case}, func(ctx context.Context) error {
		entries, err := s.read(ctx, actor, rows, o, &report)
		if err != nil {
			return err
		}
		// What is there is compared by the keeper, since an operator opens no file.
		if err := s.Store.Work(ctx, account.TheKeeper(), func(ctx context.Context) error { return s.take(ctx, account.TheKeeper(), entries, &report) }); err != nil {
			return err
		}
		if o.DryRun || len(report.Refused) > 0 {
			return undone
		}
		return nil
	})
	if errors.Is(err, undone) {
		if err = nil; !o.DryRun {
			report.Added, report.Updated = 0, 0
		}
	}
	return report, err
}

// entry is a line that was found right.
type entry struct {
	source string
	home   Home
	person Person
	lives  Residency
}

// read judges the lines and finds their households.
func (s *Service) read(ctx context.Context, actor account.Actor, rows iter.Seq2[ImportRow, error], o ImportOptions, report *ImportReport) (entries []entry, err error) {
	refuse := func(source string, err error) error {
		var row *RowError
		var known *fault.Error
		switch {
		case errors.As(err, &row):
			report.Refused = append(report.Refused, row)
		case errors.As(err, &known) && known.Code == fault.Invalid:
			report.Refused = append(report.Refused, &RowError{source, known})
		default:
			return err
		}
		return nil
	}
	for row, err := range rows {
		report.Read++
		var e entry
		if err == nil {
			e, err = s.entry(ctx, actor, row, o.District)
		}
		if err != nil {
			if err := refuse(row.Source, err); err != nil {
				return nil, err
			}
			continue
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (s *Service) entry(ctx context.Context, actor account.Actor, row ImportRow, district string) (e entry, err error) {
	p, _, err := CheckPerson(row.Person, false, s.Now())
	if err != nil {
		return e, err
	}
	homes, err := s.Store.HomesAt(ctx, actor, district, row.Building, row.Unit, row.Room, row.Number)
	switch {
	case err != nil:
		return e, err
	case len(homes) == 0:
		return e, fault.New(fault.Invalid, "room", "residents.noHousehold")
	case len(homes) > 1:
		return e, fault.New(fault.Invalid, "number", "residents.whichHousehold")
	}
	r, err := s.at(homes[0], row.Residency)
	return entry{row.Source, homes[0], p, r}, err
}

// take compares lines with what is there and writes what is new.
func (s *Service) take(ctx context.Context, actor account.Actor, entries []entry, report *ImportReport) error {
	homes := map[string]bool{}
	for _, e := range entries {
		homes[e.home.Household.Home] = true
	}
	for _, home := range slices.Sorted(maps.Keys(homes)) {
		if _, err := s.Keys.For(ctx, home, IdentityKeys); err != nil { // made before hashes are
			return err
		}
		if err := s.Store.LockNumbers(ctx, actor, home, nil); err != nil {
			return err
		}
	}
	hashed, err := s.Keys.Hasher(ctx, IdentityKeys)
	if err != nil {
		return err
	}
	for _, e := range entries {
		known, was, found, err := s.known(ctx, actor, e)
		if fault.Is(err, fault.Invalid) {
			report.Refused = append(report.Refused, &RowError{e.source, fault.As(err)})
			continue
		}
		if err != nil {
			return err
		}
		if e.person.Identity != "" && e.person.Identity != was.Identity {
			others, err := s.Store.ByIdentity(ctx, actor, e.home.Household.Home, hashed(e.person.Identity))
			if err != nil {
				return err
			}
			if len(others) > 0 {
				report.Refused = append(report.Refused, &RowError{e.source, fault.New(fault.Invalid, "identity_number", "residents.elsewhere")})
				continue
			}
		}
		if found {
			if now := was.with(e.person); now != was {
				if known, err = s.seal(ctx, known, now); err != nil {
					return err
				}
				if err := s.Store.SaveResident(ctx, actor, known); err != nil {
					return err
				}
				report.Updated++
			}
			continue
		}
		sealed, err := s.seal(ctx, Sealed{Key: key.Key{Home: e.home.Household.Home, ID: s.IDs.NewID()}, Version: 1}, e.person)
		if err != nil {
			return err
		}
		e.lives.ResidentID = sealed.Key.ID
		if err := s.Store.AddResident(ctx, actor, sealed, e.lives); err != nil {
			return err
		}
		report.Added++
	}
	return nil
}

// known finds the person of a line in its household: by number, else by name where one of the two has no number. INVALID: several have the name.
func (s *Service) known(ctx context.Context, actor account.Actor, e entry) (of Sealed, p Person, found bool, err error) {
	residencies, people, err := s.Store.MembersOf(ctx, actor, e.home, s.Today())
	if err != nil {
		return of, p, false, err
	}
	named := 0
	seen := map[uuid.UUID]bool{}
	for _, r := range residencies {
		if seen[r.ResidentID] {
			continue
		}
		seen[r.ResidentID] = true
		sealed := people[r.ResidentID]
		is, err := s.open(ctx, sealed)
		if err != nil {
			return of, p, false, err
		}
		if is.Identity != "" && is.Identity == e.person.Identity {
			return sealed, is, true, nil
		}
		if (is.Identity == "" || e.person.Identity == "") && is.Name == e.person.Name {
			named++
			of, p = sealed, is
		}
	}
	if named > 1 {
		return Sealed{}, Person{}, false, fault.New(fault.Invalid, "name", "residents.sameName")
	}
	return of, p, named == 1, nil
}

// with is p with what a list says; what it leaves empty stays.
func (p Person) with(said Person) Person {
	for _, v := range []struct {
		to   *string
		from string
	}{{&p.Name, said.Name}, {&p.Identity, said.Identity}, {&p.Phone, said.Phone}, {&p.Born, said.Born}} {
		if v.from != "" {
			*v.to = v.from
		}
	}
	return p
}
