package access

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"wangge/domain/account"
	"wangge/domain/staff"
	"wangge/internal/fault"
)

// How long a browser stays signed in, where nobody says otherwise.
const (
	Idle     = 30 * time.Minute // without a request
	Absolute = 12 * time.Hour   // a working day
)

const underWay = 10 * time.Minute // until all steps of signing in are taken

// How long a token of a program is good at most.
const MaxTokenLife = 365 * 24 * time.Hour

// Passwords by NIST SP 800-63B, 5.1.1.2: long, none that everybody knows, and no rules about kinds of characters.
const (
	minPassword = 12  // characters
	maxPassword = 200 // characters; more costs memory and protects nobody
)

var _ = fault.Register(
	[3]string{"access.wrong", "The login or the password is wrong.", "账号或密码不正确。"},
	[3]string{"access.locked", "Too many tries; try again in {minutes} min.", "尝试次数过多，请 {minutes} 分钟后再试。"},
	[3]string{"access.busy", "Too many people are signing in at once; try again in a moment.", "登录人数较多，请稍候再试。"},
	[3]string{"access.code", "The code is wrong, has expired or was used before.", "验证码不正确、已过期或已使用过。"},
	[3]string{"access.ended", "You are not signed in, or no longer: sign in again.", "您尚未登录或登录已失效，请重新登录。"},
	[3]string{"access.noAccount", "This is for who has an account, which neither the token of the data folder nor a command has: sign in with one.", "该操作须用账号登录后进行；数据目录的令牌和本机命令没有账号。"},
	[3]string{"access.idle", "You were signed out because nothing happened for a while. Sign in again to go on.", "由于长时间没有操作，您已退出登录。请重新登录后继续。"},
	[3]string{"access.longest", "You were signed out because you had been signed in for a long time. Sign in again to go on.", "登录时间已到上限，您已退出登录。请重新登录后继续。"},
	[3]string{"access.slow", "Signing in took too long. Begin again.", "登录步骤未能及时完成，请重新登录。"},
	[3]string{"access.oldPassword", "That is not your password.", "原密码不正确。"},
	[3]string{"access.short", "A password needs {min} characters or more.", "密码至少 {min} 个字符。"},
	[3]string{"access.long", "A password has {max} characters at most.", "密码最多 {max} 个字符。"},
	[3]string{"access.common", "Everybody tries this password first; choose another.", "该密码太常见，请换一个。"},
	[3]string{"access.asLogin", "The password must not hold the login.", "密码不能包含账号名。"},
	[3]string{"access.same", "Choose another password than the one that you have.", "新密码不能与原密码相同。"},
	[3]string{"access.login", "A login has 3 to 40 small letters, digits, points, lines and underscores, and begins with a letter or digit.",
		"账号为 3 到 40 个小写字母、数字、点、横线或下划线，以字母或数字开头。"},
	[3]string{"access.loginTaken", "There is an account of this login; logins are not given twice.", "该账号名已被使用。"},
	[3]string{"access.workerTaken", "This worker has an account.", "该人员已有账号。"},
	[3]string{"access.role", "An account is of staff, operator, security or auditor.", "账号类型只能是 staff、operator、security 或 auditor。"},
	[3]string{"access.worker", "An account of staff is for a worker (--worker, the id that workers(text:) tells the operator in GraphQL); no other account is for one.", "工作人员账号须用 --worker 指定人员编号（运维账号可用 GraphQL 的 workers(text:) 查到）；其他账号不指定。"},
	[3]string{"access.unlinked", "No account here is linked to who you are there: ask who gives accounts.", "您的统一身份尚未关联本系统的账号，请联系管理账号的同事。"},
	[3]string{"access.linkName", "Say under which name the provider knows the person: one line of at most {max} characters.", "请填写此人在统一身份平台的标识（一行，不超过 {max} 字）。"},
	[3]string{"access.linkTaken", "Another account is linked to this name.", "该标识已关联其他账号。"},
	[3]string{"access.linkDemo", "Accounts of the demo are not linked.", "演示账号不能关联。"},
	[3]string{"access.notFound", "There is no account {login}.", "没有账号 {login}。"},
	[3]string{"access.self", "Nobody may do this to the own account.", "不能对自己的账号执行此操作。"},
	[3]string{"access.giving", "Only who gives accounts may do this to an account of somebody else's.", "只有管理账号的人员才能对他人的账号执行此操作。"},
	[3]string{"access.tokenRole", "Only accounts of staff and of operators have tokens.", "只有工作人员和运维账号可以使用令牌。"},
	[3]string{"access.onMachine", "Accounts of operators, security and auditors are given on the machine of the server alone (wangge user), so that nobody gives them to themselves.",
		"系统、安全、审计管理员账号只能在服务器本机（wangge user）开设和恢复，以免有人给自己授权。"},
	[3]string{"access.tokenName", "A token needs a name of at most 100 characters.", "请填写令牌名称（不超过 100 字）。"},
	[3]string{"access.tokenLife", "A token ends within a year, and not before it begins.", "令牌有效期须在一年以内。"},
	[3]string{"access.tokenRights", "A token may use rights that its account has, one or more.", "令牌至少需要一项权限，且不超出账号已有的权限。"},
	[3]string{"access.tooManyTokens", "An account has {max} tokens at most; take one back first.", "每个账号最多 {max} 个令牌，请先撤销一个。"},
	[3]string{"access.noSession", "This session has ended already.", "该登录已退出。"},
	[3]string{"access.noToken", "There is no such token.", "没有该令牌。"},
)

// maxProviderName is how long a name at a provider may be: a subject has 255 characters at most (OpenID Connect Core, 2).
const maxProviderName = 255

var loginForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{2,39}$`)

// FoldLogin is a login as it is kept, of what somebody typed.
func FoldLogin(s string) string { return strings.ToLower(strings.TrimSpace(norm.NFKC.String(s))) }

// Check refuses what cannot be an account: INVALID.
func (n NewAccount) Check() error {
	switch {
	case !loginForm.MatchString(n.Login):
		return fault.New(fault.Invalid, "login", "access.login")
	case n.Role != account.Staff && !account.Administrative(n.Role):
		return fault.New(fault.Invalid, "role", "access.role")
	case (n.Role == account.Staff) != (n.Worker != nil):
		return fault.New(fault.Invalid, "workerId", "access.worker")
	}
	return nil
}

// foldPassword is a password as it is compared: one text, however a keyboard composes it.
func foldPassword(s string) string { return norm.NFKC.String(s) }

// CheckPassword refuses what is no password for a login: INVALID.
func CheckPassword(login, password string) error {
	bad := func(key string, args ...any) error { return fault.New(fault.Invalid, "password", key, args...) }
	password = foldPassword(password)
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return bad("access.short", "min", minPassword)
	case n > maxPassword:
		return bad("access.long", "max", maxPassword)
	}
	plain := strings.ToLower(password)
	if strings.Contains(plain, login) {
		return bad("access.asLogin")
	}
	if common(plain) {
		return bad("access.common")
	}
	return nil
}

// common reports whether a password, in small letters, is one of those that are tried first: a known one with or without digits and signs around it,
// a walk over the keyboard or through the alphabet, or little that is said again and again. Whole lists of leaked passwords hold few that are as long as minPassword.
func common(plain string) bool {
	core := strings.TrimFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) })
	if core == "" { // digits and signs alone
		core = plain
	}
	for _, word := range knownWords {
		if rest := strings.ReplaceAll(core, word, ""); len(rest) < 4 && rest != core {
			return true
		}
	}
	for _, walk := range walks {
		if walked(plain, walk) {
			return true
		}
	}
	kinds := map[rune]bool{}
	for _, r := range plain {
		kinds[r] = true
	}
	if len(kinds) < 5 {
		return true
	}
	for n := 1; n <= len(plain)/3; n++ { // "ab1ab1ab1ab1"
		if strings.HasPrefix(strings.Repeat(plain[:n], len(plain)/n+1), plain) {
			return true
		}
	}
	return false
}

// knownWords are what common passwords are made of.
var knownWords = []string{"password", "passw0rd", "p@ssw0rd", "p@ssword", "letmein", "welcome", "iloveyou", "administrator", "admin", "root", "changeme", "qwerty", "qwertyuiop",
	"woaini", "wangge", "mima", "caonima", "nihao", "zhongguo", "shequ", "wanggeyuan", "test", "abc", "monkey", "dragon", "football", "baseball", "sunshine", "princess", "master", "superman"}

// walks are ways over the keyboard, forth; back is looked for as well.
var walks = []string{"12345678901234567890", "qwertyuiopasdfghjklzxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "q1w2e3r4t5y6u7i8o9p0", "asdfghjklasdfghjkl", "zxcvbnmzxcvbnm",
	"1q2w3e4r5t6y7u8i9o0p", "!@#$%^&*()_+", "qazwsxedcrfvtgbyhnujm"}

// walked reports whether all but a few characters of plain are a piece of a walk, in either direction.
func walked(plain, walk string) bool {
	back := []byte(walk)
	slices.Reverse(back)
	for n := len(plain); n >= 8 && n >= len(plain)-4; n-- {
		for i := 0; i+n <= len(plain); i++ {
			if piece := plain[i : i+n]; strings.Contains(walk, piece) || strings.Contains(string(back), piece) {
				return true
			}
		}
	}
	return false
}

// over is the sentence that says why a session has ended by the clock; "": it has not. step is what is to be shown yet.
func (s *Service) over(session Session, step Step) string {
	now := s.Now()
	switch {
	case step != StepNone && now.Sub(session.Began) >= underWay:
		return "access.slow"
	case now.Sub(session.Began) >= s.Longest:
		return "access.longest"
	case now.Sub(session.Seen) >= s.Idle:
		return "access.idle"
	}
	return ""
}

// ByClock reports whether err says that a session was there and has ended by the clock.
func ByClock(err error) bool {
	key := fault.As(err).Key
	return key == "access.idle" || key == "access.longest" || key == "access.slow"
}

// Ended reports whether err says that nobody is signed in by a session, or nobody any more.
func Ended(err error) bool { return fault.As(err).Key == "access.ended" || ByClock(err) }

// needsFactor reports whether an account must show a second factor: who has set one up, all but staff, and who sets the platform up.
func needsFactor(a Account, duties []staff.Duty) bool {
	switch {
	case a.SecondFactor != nil:
		return true
	case a.Demo:
		return false
	}
	return a.Role != account.Staff || slices.ContainsFunc(duties, func(d staff.Duty) bool { return d.Post == staff.PlatformAdmin })
}

// step is what a session must show next. A password that somebody gave is changed before a second factor is set up, and only after one that there is was shown.
func step(s Session, duties []staff.Duty) Step {
	switch {
	case s.SecondFactor != nil && !s.Factor:
		return StepCode
	case s.MustChange:
		return StepPassword
	case !s.Factor && needsFactor(s.Account, duties):
		return StepEnrol
	}
	return StepNone
}
