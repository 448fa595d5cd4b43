package osm

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/paulmach/osm"
)

// properties are the tags, and what is made of them under the names that an import asks for: name, address,
// floors (an int64) and class (the value of building or highway, or the admin_level). Where nothing can be said
// the property is not there: the number of floors is not guessed from the height.
func properties(tags osm.Tags, kind Kind) map[string]any {
	all := make(map[string]any, len(tags)+4)
	for _, t := range tags {
		all[t.Key] = t.Value
	}
	put := func(name, value string) {
		if value != "" {
			all[name] = value
		}
	}
	put("name", first(tags, "name", "name:zh-Hans", "name:zh", "official_name", "name:en", "addr:housename"))
	switch kind {
	case Roads:
		put("class", tags.Find("highway"))
	case Boundaries:
		put("class", tags.Find("admin_level"))
	default:
		put("class", tags.Find("building"))
		put("address", address(tags))
		if n, ok := floors(tags.Find("building:levels")); ok {
			all["floors"] = n
		}
	}
	return all
}

func first(tags osm.Tags, keys ...string) string {
	for _, key := range keys {
		if v := strings.TrimSpace(tags.Find(key)); v != "" {
			return v
		}
	}
	return ""
}

// floors reads building:levels: "6", "5.5" (half a floor under a sloping roof counts) or "3;4" (the highest part).
func floors(text string) (int64, bool) {
	highest, found := 0.0, false
	for part := range strings.SplitSeq(text, ";") {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err == nil && n >= 0 && n <= 300 { // the highest building has 163; NaN compares false
			highest, found = max(highest, n), true
		}
	}
	return int64(math.Ceil(highest)), found
}

// numberLast are the countries (ISO 3166) that write the house number after the street in Latin script.
const numberLast = " AT BE BR CH CZ DE DK ES FI GR HR HU IS IT MX NL NO PL PT RO RS RU SE SI SK TR UA "

// address puts street and house number into the local order: 滨江大道2727号, 12 Avenue des Spélugues, Hauptstraße 5.
// addr:full, where somebody wrote it, is taken as it is.
func address(tags osm.Tags) string {
	if full := first(tags, "addr:full"); full != "" {
		return full
	}
	street := first(tags, "addr:street", "addr:place", "addr:neighbourhood", "addr:hamlet")
	number := first(tags, "addr:housenumber")
	switch {
	case street == "": // a number without a street says nothing
		return ""
	case number == "":
		return street
	case han(street):
		if last := number[len(number)-1]; last >= '0' && last <= '9' {
			number += "号"
		}
		return street + number
	case strings.Contains(numberLast, " "+strings.ToUpper(tags.Find("addr:country"))+" "):
		return street + " " + number
	default:
		return number + " " + street
	}
}

func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
