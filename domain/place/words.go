package place

import (
	"wangge/domain/phone"
	"wangge/internal/fault"
)

// Desk is where a call is answered that is made to no person.
type Desk string

// The desks.
const (
	ServiceStation Desk = "STATION"
	Supervision    Desk = "SUPERVISION"
	Hotline        Desk = "NIGHT"
)

// deskNames are what desks are called, in Chinese and English. Pages and boards call them nothing else.
var deskNames = map[Desk][2]string{
	ServiceStation: {"服务站", "Service station"},
	Supervision:    {"监督电话", "Complaints"},
	Hotline:        {"热线", "Hotline"},
}

// Text is what d is called in a language; "": there is no such desk.
func (d Desk) Text(lang fault.Language) string { return in(lang, deskNames[d]) }

// Answers is a desk with its number, and whose that is.
type Answers struct {
	Desk
	Name, Phone string
}

// Instead is whom to call where nobody who works in a grid or leads it can be: the service station, else who takes complaints, else the first of the night
// numbers. c is what is in force.
func (c Contacts) Instead(lang fault.Language) Answers {
	switch {
	case c.Station != nil && phone.Dial(c.Station.Phone) != "":
		return Answers{ServiceStation, c.Station.Name, c.Station.Phone}
	case phone.Dial(c.SupervisionPhone) != "":
		return Answers{Supervision, Supervision.Text(lang), c.SupervisionPhone}
	}
	first := InForce([]Contacts{c}).Night[0]
	return Answers{Hotline, first.Text(lang), first.Phone}
}

// Text is who answers, in a language, or else in Chinese.
func (n NightNumber) Text(lang fault.Language) string { return either(lang, n.Name, n.NameEnglish) }

// Opens is when s is open, in a language, or else in Chinese.
func (s Station) Opens(lang fault.Language) string { return either(lang, s.Hours, s.HoursEnglish) }

// AtNight is what stands above the night numbers.
func AtNight(lang fault.Language) string {
	return in(lang, [2]string{"夜里和急事", "At night and in emergencies"})
}

// Side is where an area ends.
type Side int

// The sides, in the order in which they are told.
const (
	East Side = iota
	South
	West
	North
)

var sideNames = [...][2]string{{"东至", "East"}, {"南至", "South"}, {"西至", "West"}, {"北至", "North"}}

// Text is what is said before what an area ends at, in a language.
func (s Side) Text(lang fault.Language) string { return in(lang, sideNames[s]) }

// End is what an area ends at on a side; "" where that is not known.
type End struct {
	Side
	Name string
}

// Sides are the four of l.
func (l Limits) Sides() [4]End {
	return [4]End{{East, l.East}, {South, l.South}, {West, l.West}, {North, l.North}}
}

// in is which of a word in Chinese and English stands in a language.
func in(lang fault.Language, word [2]string) string {
	if lang == fault.English {
		return word[1]
	}
	return word[0]
}

// either is what was written in a language, or else in Chinese.
func either(lang fault.Language, chinese, english string) string {
	if lang == fault.English && english != "" {
		return english
	}
	return chinese
}
