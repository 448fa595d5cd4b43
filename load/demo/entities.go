package demo

// employers are the legal entities in the houses that have a name.
var employers = map[string]struct {
	name, category     string
	employees, members int
}{
	"澜江机械厂一车间":  {"澜州市澜江机械厂", "manufacturer", 412, 57},
	"机械厂工人俱乐部":  {"澜江机械厂工人俱乐部", "club", 9, 3},
	"望舒二小教学楼":   {"汀兰区望舒第二小学", "school", 96, 31},
	"望舒幼儿园":     {"汀兰区望舒幼儿园", "kindergarten", 34, 5},
	"采薇幼儿园":     {"采薇新村幼儿园", "kindergarten", 21, 2},
	"听雨社区卫生服务站": {"听雨社区卫生服务站", "clinic", 18, 4},
	"听雨社区居委会":   {"汀兰区望舒街道听雨社区居民委员会", "government", 12, 9},
	"渡口宾馆":      {"澜州渡口宾馆有限公司", "hotel", 58, 4},
	"渡口农贸市场":    {"澜州渡口农贸市场管理有限公司", "market", 26, 3},
	"渡口农贸市场水产区": {"渡口水产行", "market", 11, 0},
	"听雨书院":      {"听雨书院", "museum", 8, 1},
	"石榴公园茶室":    {"石榴公园茶室", "cafe", 5, 0},
	"望舒花园会所":    {"望舒花园物业服务中心", "office", 24, 2},
	"小澜河泵站":     {"汀兰区水务所小澜河泵站", "office", 4, 1},
	"澜江商务楼":     {"澜江商务楼运营有限公司", "office", 37, 6},
}

// shops are the small ones along the streets.
var shops = []struct{ name, category string }{
	{"采薇早餐店", "restaurant"}, {"老周理发店", "hairdresser"}, {"木槿街粮油店", "shop"}, {"听雨馄饨店", "restaurant"},
	{"桂香糕团店", "shop"}, {"永福修鞋铺", "repair"}, {"清和药房", "pharmacy"}, {"小澜河面馆", "restaurant"},
	{"长乐文具店", "shop"}, {"顺发五金店", "shop"}, {"云珠裁缝铺", "repair"}, {"望舒水果店", "shop"},
	{"鹤年诊所", "clinic"}, {"兴旺快递驿站", "parcel"}, {"采薇便利店", "convenience"}, {"乐行自行车行", "repair"},
	{"石榴花店", "florist"}, {"渡口鱼鲜馆", "restaurant"}, {"重光照相馆", "photographer"}, {"朝晖打印社", "office"},
	{"阿兴豆腐坊", "shop"}, {"书院旧书店", "books"}, {"行知培训部", "school"}, {"澜江旅行社", "office"},
	{"百草堂药店", "pharmacy"}, {"好邻居超市", "supermarket"}, {"三味书吧", "cafe"}, {"东篱茶庄", "shop"},
	{"海涛电器维修", "repair"}, {"佳禾洗衣店", "laundry"}, {"一帆眼镜店", "optician"}, {"金凤饺子馆", "restaurant"},
	{"春生汽车维修", "repair"}, {"宝林棋牌室", "club"}, {"巧云美容店", "hairdresser"}, {"大泽牛肉汤", "restaurant"},
	{"曲巷烘焙坊", "bakery"}, {"和记烧饼店", "restaurant"}, {"单氏推拿馆", "clinic"}, {"曾记酱菜店", "shop"},
	{"折柳服装店", "clothes"}, {"都好宠物店", "pet"}, {"青石板民宿", "hotel"}, {"泉兴建材店", "shop"},
	{"汀兰房屋中介", "office"}, {"柏树下咖啡", "cafe"}, {"藏书阁文印店", "office"},
}
