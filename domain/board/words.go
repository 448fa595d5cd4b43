package board

import "wangge/internal/fault"

// partNames are what the parts of a board are called, in Chinese and English. Pages call them nothing else.
var partNames = map[Part][2]string{
	People:   {"人员", "people"},
	Border:   {"范围", "the area"},
	Names:    {"名称编号", "names and numbers"},
	Contacts: {"联系方式", "contacts"},
}

// Text is what p is called in a language.
func (p Part) Text(lang fault.Language) string {
	if lang == fault.English {
		return partNames[p][1]
	}
	return partNames[p][0]
}
