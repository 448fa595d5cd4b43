package node

import (
	"context"

	"wangge/domain/place"
)

// DivisionContacts are whom to call in a division.
type DivisionContacts struct{ place.Here }

// Own is what is said for the division itself.
func (c *DivisionContacts) Own() *Contacts { return &Contacts{c.Here.Own} }

// InForce is what holds there.
func (c *DivisionContacts) InForce() *Contacts { return &Contacts{c.Here.InForce} }

// Contacts are whom to call.
type Contacts struct{ place.Contacts }

// SupervisionPhone is null where it is not said.
func (c *Contacts) SupervisionPhone() *string { return Optional(c.Contacts.SupervisionPhone) }

// ServiceStation is null where none is said.
func (c *Contacts) ServiceStation() *ServiceStation {
	if c.Station == nil {
		return nil
	}
	return &ServiceStation{*c.Station}
}

// NightNumbers are null where none are said.
func (c *Contacts) NightNumbers() []*NightNumber {
	var out []*NightNumber
	for _, n := range c.Night {
		out = append(out, &NightNumber{n})
	}
	return out
}

// ServiceStation is a service station.
type ServiceStation struct{ place.Station }

// Address is null where it is not known.
func (s *ServiceStation) Address() *string { return Optional(s.Station.Address) }

// Hours are null where they are not known.
func (s *ServiceStation) Hours() *string { return Optional(s.Station.Hours) }

// HoursEnglish are null where they are not said in English.
func (s *ServiceStation) HoursEnglish() *string { return Optional(s.Station.HoursEnglish) }

// Phone is null where there is none.
func (s *ServiceStation) Phone() *string { return Optional(s.Station.Phone) }

// NightNumber is a number that answers at night.
type NightNumber struct{ place.NightNumber }

// NameEnglish is null where it has no name in English.
func (n *NightNumber) NameEnglish() *string { return Optional(n.NightNumber.NameEnglish) }

// SetDivisionContactsPayload is the division whose contacts were set.
type SetDivisionContactsPayload struct{ Loaded }

// Division is the division, as it is now.
func (p *SetDivisionContactsPayload) Division(ctx context.Context) (*Division, error) {
	return loaded[*Division](ctx, p.Loaded)
}
