// Package civil holds days that are not instants: a day in the deployment's time zone.
package civil

import (
	"fmt"
	"time"
)

// Date is a day of the Gregorian calendar. It is a time.Time at midnight UTC beneath, which stands for no instant.
type Date struct{ t time.Time }

// Of returns the day it is at t in zone.
func Of(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

// Parse reads YYYY-MM-DD.
func Parse(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1900 || t.Year() > 9998 {
		return Date{}, fmt.Errorf("%q is not a day (YYYY-MM-DD)", s)
	}
	return Date{t}, nil
}

// FromTime takes the day of t as it stands, as a database driver returns a date.
func FromTime(t time.Time) Date {
	y, m, d := t.Date()
	return Date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

// Time is midnight UTC of the day, for a database driver.
func (d Date) Time() time.Time { return d.t }

// String is YYYY-MM-DD.
func (d Date) String() string { return d.t.Format(time.DateOnly) }

// AddDays returns the day n days later.
func (d Date) AddDays(n int) Date { return Date{d.t.AddDate(0, 0, n)} }

// Before reports whether d comes before e.
func (d Date) Before(e Date) bool { return d.t.Before(e.t) }

// After reports whether d comes after e.
func (d Date) After(e Date) bool { return d.t.After(e.t) }

// IsZero reports whether d was never set.
func (d Date) IsZero() bool { return d.t.IsZero() }
