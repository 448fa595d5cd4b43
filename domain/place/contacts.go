package place

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"wangge/domain/account"
	"wangge/domain/name"
	"wangge/domain/phone"
	"wangge/internal/fault"
)

// Contacts are whom to call in a division besides its grid workers. What is empty is not said.
type Contacts struct {
	SupervisionPhone string // 监督电话
	Station          *Station
	Night            []NightNumber // in the order in which they are shown
}

// Station is a service station (服务站).
type Station struct {
	Name         string
	Address      string
	Hours        string // when it is open, as people write it: "周一至周五 8:30–17:30"
	HoursEnglish string
	Phone        string
}

// NightNumber (夜间电话) answers at night.
type NightNumber struct {
	Phone       string
	Name        string // who answers: "急救"
	NameEnglish string
}

// Here is whom to call in a division: what is said for it, and what holds there.
type Here struct{ Own, InForce Contacts }

// usualNight answers where no division of the line says who does.
var usualNight = []NightNumber{
	{"12345", "政务服务热线", "Government services"}, {"110", "报警", "Police"}, {"119", "火警", "Fire"}, {"120", "急救", "Ambulance"},
}

// Sizes of contacts. A board has room for eight numbers.
const (
	maxNight        = 8
	maxStationName  = 200 // characters
	maxStationPlace = 300
	maxHours        = 200
	maxNightName    = 40
)

var _ = fault.Register(
	[3]string{"contacts.phone", "A phone number holds 3 to 30 digits, +, -, ( ) and spaces.", "电话号码只能包含数字、+、-、括号和空格（3 到 30 位）。"},
	[3]string{"contacts.text", "This is a text of at most {max} characters in one line.", "此处应为一行文字，不超过 {max} 字。"},
	[3]string{"contacts.name", "This needs a name of at most {max} characters in one line.", "请填写名称：一行文字，不超过 {max} 字。"},
	[3]string{"contacts.night", "There are 1 to {max} night numbers; leave the list out to inherit it.", "夜间电话应为 1 到 {max} 个；如沿用上级，请不要填写。"},
)

// InForce is what holds at the end of a line of divisions given from the root down: what a division does not say it inherits from the
// nearest division above that does. A station is one place, and so is inherited whole: the address of another would mislead. Who answers at
// night is always known.
func InForce(line []Contacts) Contacts {
	out := Contacts{Night: usualNight}
	for _, c := range line {
		if c.SupervisionPhone != "" {
			out.SupervisionPhone = c.SupervisionPhone
		}
		if c.Station != nil {
			out.Station = c.Station
		}
		if c.Night != nil {
			out.Night = c.Night
		}
	}
	return out
}

// CheckContacts returns c without the spaces around its texts. INVALID: no phone number, a text that is too long or of several lines, a
// station or number without a name, no number in a list of them, or too many.
func CheckContacts(c Contacts) (Contacts, error) {
	var err error
	refuse := func(field, sentence string, max int) {
		if err == nil {
			err = fault.New(fault.Invalid, field, sentence, "max", max)
		}
	}
	text := func(field string, s *string, max int, required bool) {
		switch *s = strings.TrimSpace(*s); {
		case !name.Fits(*s, max):
			refuse(field, "contacts.text", max)
		case *s == "" && required:
			refuse(field, "contacts.name", max)
		case err == nil:
			err = name.Check(field, *s)
		}
	}
	number := func(field string, s *string, required bool) {
		if *s = strings.TrimSpace(*s); (required || *s != "") && !phone.Valid(*s) {
			refuse(field, "contacts.phone", 0)
		}
	}
	number("supervisionPhone", &c.SupervisionPhone, false)
	if c.Station != nil {
		s := *c.Station
		text("serviceStation.name", &s.Name, maxStationName, true)
		text("serviceStation.address", &s.Address, maxStationPlace, false)
		text("serviceStation.hours", &s.Hours, maxHours, false)
		text("serviceStation.hoursEnglish", &s.HoursEnglish, maxHours, false)
		number("serviceStation.phone", &s.Phone, false)
		c.Station = &s
	}
	if c.Night != nil && (len(c.Night) == 0 || len(c.Night) > maxNight) {
		refuse("nightNumbers", "contacts.night", maxNight)
	} else if c.Night != nil {
		c.Night = append([]NightNumber(nil), c.Night...)
	}
	for i := range c.Night[:min(len(c.Night), maxNight)] {
		n, field := &c.Night[i], fmt.Sprintf("nightNumbers.%d.", i)
		number(field+"phone", &n.Phone, true)
		text(field+"name", &n.Name, maxNightName, true)
		text(field+"nameEnglish", &n.NameEnglish, maxNightName, false)
	}
	return c, err
}

// Contacts returns whom to call in each division. The map's key is the division's id; what there is not is left out. The answers may be
// shared and are not to be changed.
func (s *Service) Contacts(ctx context.Context, actor account.Actor, ids []uuid.UUID) (map[uuid.UUID]Here, error) {
	out := make(map[uuid.UUID]Here, len(ids))
	err := s.Store.Do(ctx, actor, func(ctx context.Context) error {
		own, err := s.Store.DivisionsByID(ctx, actor, ids, Fields{})
		if err != nil {
			return err
		}
		lines, err := s.Store.Ancestors(ctx, actor, ids, Fields{})
		if err != nil {
			return err
		}
		for id, d := range own {
			line := make([]Contacts, 0, len(lines[id])+1)
			for _, around := range lines[id] {
				line = append(line, around.Contacts)
			}
			out[id] = Here{Own: d.Contacts, InForce: InForce(append(line, d.Contacts))}
		}
		return nil
	})
	return out, err
}

// SetContacts sets what is said for the division that has or had a code; what c leaves open is inherited. It returns the division as it is
// now. It is for those who arrange it. NOT_FOUND: no such division; INVALID: see CheckContacts; CONFLICT: version is not the division's.
func (s *Service) SetContacts(ctx context.Context, actor account.Actor, code string, c Contacts, version int) (Division, error) {
	if err := actor.Require(account.Arrange); err != nil {
		return Division{}, err
	}
	d, err := s.ByCode(ctx, actor, code, Fields{})
	if err != nil {
		return d, err
	}
	if err := arranges(actor, d, "code"); err != nil {
		return Division{}, err
	}
	if d.Contacts, err = CheckContacts(c); err != nil {
		return d, err
	}
	if err := s.Store.SaveContacts(ctx, actor, d.ID, d.Contacts, version); err != nil {
		return d, err
	}
	d.Version = version + 1
	return d, nil
}

// contactColumns are the columns of files that hold contacts, by the fields of their errors.
var contactColumns = map[string]string{"supervisionPhone": "supervision_phone", "serviceStation.name": "station_name",
	"serviceStation.address": "station_address", "serviceStation.hours": "station_hours", "serviceStation.hoursEnglish": "station_hours_en",
	"serviceStation.phone": "station_phone"}

// checkRowContacts is CheckContacts for a row of a file.
func checkRowContacts(r DivisionRow) error {
	_, err := CheckContacts(r.Contacts)
	if err == nil {
		return nil
	}
	f := *fault.As(err)
	f.Field = contactColumns[f.Field]
	return &RowError{NewNote(r.Source, r.Code, f.Field, &f)}
}
