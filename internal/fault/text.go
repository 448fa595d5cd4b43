package fault

import (
	"fmt"
	"strings"
)

// Language of a sentence.
type Language string

// The languages there are sentences in.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// sentences by key: English, Chinese. {name} is replaced by the argument of that name.
// A package adds its own with Register, beside the rules that use them.
var sentences = map[string][2]string{
	"internal":    {"Something went wrong on our side.", "服务器出错了。"},
	"notFound":    {"There is no {what} {code}.", "没有找到{what} {code}。"},
	"forbidden":   {"This needs an operator.", "此操作需要管理员权限。"},
	"beyond":      {"Your posts of today do not allow this.", "您当前的任职不允许此操作。"},
	"badToken":    {"The token is not valid.", "令牌无效。"},
	"required":    {"{field} is required.", "缺少 {field}。"},
	"conflict":    {"It was changed by someone else meanwhile; read it again.", "数据已被他人修改，请重新读取。"},
	"unavailable": {"This cannot be answered yet: {what}.", "暂时无法回答：{what}。"},
	"database":    {"The database cannot be reached.", "无法连接数据库。"},
	"timeout":     {"The answer took too long and was stopped.", "查询超时，已中止。"},
}

// Register adds sentences: key, English, Chinese. It is called from package-level variables only and
// panics where a key is taken, which is a mistake in the program.
func Register(list ...[3]string) struct{} {
	for _, s := range list {
		if _, taken := sentences[s[0]]; taken {
			panic("fault: sentence registered twice: " + s[0])
		}
		sentences[s[0]] = [2]string{s[1], s[2]}
	}
	return struct{}{}
}

// Text is the sentence for a person in lang. A key without a sentence is shown as it is.
func (e *Error) Text(lang Language) string {
	pair, ok := sentences[e.Key]
	if !ok {
		return e.Key
	}
	text := pair[0]
	if lang == Chinese {
		text = pair[1]
	}
	for name, value := range e.Args {
		text = strings.ReplaceAll(text, "{"+name+"}", fmt.Sprint(value))
	}
	return text
}

// Shorten cuts what somebody sent to at most n characters, so that a sentence can quote it.
func Shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
