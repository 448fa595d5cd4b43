package demo

import "strconv"

// Contacts are whom to call in a division besides its grid workers; what is empty it inherits from the division above.
type Contacts struct {
	SupervisionPhone string
	Station          *Station
}

// Station is a service station (服务站).
type Station struct{ Name, Address, Hours, HoursEnglish, Phone string }

// contactsOf makes up the contacts of a division that has its code, name, level and limits: a district has a number for complaints, a town
// that and a service centre, a community mostly a station of its own and now and then a number too.
func contactsOf(d Division) Contacts {
	number := func(last string) string { return PhonePrefix + (d.Code + "000")[4:9] + last }
	switch d.Level {
	case "DISTRICT":
		return Contacts{SupervisionPhone: number("900")}
	case "TOWN":
		return Contacts{SupervisionPhone: number("901"), Station: &Station{d.Name + "便民服务中心", d.Limits.South + "88号",
			"周一至周五 8:30–17:30，周六 9:00–12:00", "Mon–Fri 8:30–17:30, Sat 9:00–12:00", number("902")}}
	case "COMMUNITY":
		last := d.Code[9:]
		n, _ := strconv.Atoi(last) // of digits
		var c Contacts
		if n%4 == 2 {
			c.SupervisionPhone = number(strconv.Itoa(n%100 + 700))
		}
		if n%6 != 0 {
			c.Station = &Station{d.Name + "党群服务站", d.Limits.South + strconv.Itoa(2*n+1) + "号", "周一至周五 8:30–17:30", "Mon–Fri 8:30–17:30", number(last)}
		}
		return c
	}
	return Contacts{}
}
