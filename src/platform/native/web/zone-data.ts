// Made by scripts/zones.mjs; not to be edited.

/** The release of the IANA time zone database. */
export const tzdata = "2026f";

/**
 * All zones and links, those that are alike in one line: `rule;history;names`.
 *
 * - rule: minutes east of UTC. With summer time also those in summer, then when it begins and when it ends: month, week (5
 *   is the last one), weekday (0 is Sunday), minutes after midnight by the clock that ends there.
 * - history, in base 36: minutes east of UTC when 2020 began, then for each change since the minutes that had passed since
 *   the one before (the first: since 2020 began) and what it changed to. The rule holds after the last change; all the
 *   time when there is none.
 * - names: one without a slash begins like the one before it.
 */
export const zoneData = `\
-120,-60,3,5,0,-60,10,5,0,0;-1o,2pto,0,6hc0,-1o,4r40,0,6p40,-1o,4jc0,0,6p40,-1o,4jc0,0,6p40,-1o,4r40,-1o;America/Scoresbysund
-120,-60,3,5,0,-60,10,5,0,0;-50,2pto,-3c,6hc0,-50,4r40,-3c,6p40,-50,4jc0,-3c,6p40,-50,4jc0,-3c,6p40,-3c;America/Godthab Nuuk
-120;;America/Noronha Atlantic/South_Georgia Brazil/DeNoronha Etc/GMT+2
-180,-120,3,2,0,120,11,1,0,120;;America/Miquelon
-180;-50,2i50,-6o,61to,-50,5eec,-6o,5u1o,-50,5eec,-6o,5u1o,-50,5eec,-6o,5u1o,-50,5eec,-6o,61to,-50,9yc,-50;America/Asuncion
-180;-50,2xp0,-6o,4r5o,-50,6hac,-6o,4r5o,-50,6hac,-6o,4yxo,-50,69ic,-6o,4r5o,-50,6p2c,-6o,4r5o,-50,5yec,-50;America/Coyhaique
-180;;America/Araguaina America/Argentina/Buenos_Aires Catamarca ComodRivadavia Cordoba Jujuy La_Rioja Mendoza Rio_Gallegos Salta San_Juan San_Luis Tucuman Ushuaia America/Bahia Belem Buenos_Aires Catamarca Cayenne Cordoba Fortaleza Jujuy Maceio Mendoza Montevideo Paramaribo Punta_Arenas Recife Rosario Santarem Sao_Paulo Antarctica/Palmer Rothera Atlantic/Stanley Brazil/East Etc/GMT+3
-210,-150,3,2,0,120,11,1,0,120;;America/St_Johns Canada/Newfoundland
-240,-180,3,2,0,120,11,1,0,120;;America/Glace_Bay Goose_Bay Halifax Moncton Thule Atlantic/Bermuda Canada/Atlantic
-240,-180,9,1,6,1440,4,1,6,1440;-50,2xp0,-6o,4r5o,-50,6hac,-6o,4r5o,-50,6hac,-6o,4yxo,-50,69ic,-6o;America/Santiago Chile/Continental
-240;;America/Anguilla Antigua Aruba Barbados Blanc-Sablon Boa_Vista Campo_Grande Caracas Cuiaba Curacao Dominica Grenada Guadeloupe Guyana Kralendijk La_Paz Lower_Princes Manaus Marigot Martinique Montserrat Port_of_Spain Porto_Velho Puerto_Rico Santo_Domingo St_Barthelemy St_Kitts St_Lucia St_Thomas St_Vincent Tortola Virgin Brazil/West Etc/GMT+4
-300,-240,3,2,0,0,11,1,0,60;-8c,22oc,-6o,7cg0,-8c,43s0,-6o,7cg0,-8c,3w00,-6o,7cg0,-8c,3w00,-6o,7cg0,-8c,3w00,-6o,7cg0,-8c,3w00,-6o,7cg0,-8c,3w00,-6o,iso0,-8c;Cuba America/Havana
-300,-240,3,2,0,120,11,1,0,120;;EST5EDT America/Detroit Fort_Wayne Grand_Turk America/Indiana/Indianapolis Marengo Petersburg Vevay Vincennes Winamac America/Indianapolis Iqaluit America/Kentucky/Louisville Monticello America/Louisville Montreal Nassau New_York Nipigon Pangnirtung Port-au-Prince Thunder_Bay Toronto Canada/Eastern US/East-Indiana Eastern Michigan
-300;-a0,22tc,-8c,7cec,-a0,43to,-8c,7cec,-a0,3w1o,-8c,7cec,-a0,3w1o,-8c,7cec,-a0,3w1o,-8c,7cec,-a0,3w1o,-8c,7cec,-a0,3w1o,-8c,7cec,-8c;America/Rainy_River Winnipeg Canada/Central
-300;;EST Jamaica America/Atikokan Bogota Cancun Cayman Coral_Harbour Eirunepe Guayaquil Jamaica Lima Panama Porto_Acre Rio_Branco Brazil/Acre Etc/GMT+5
-360,-300,3,2,0,120,11,1,0,120;-bo,22v0,-a0,7cec,-bo,43to,-a0,7cec,-bo,3w1o,-a0,82z0,-a0;America/Ojinaga
-360,-300,3,2,0,120,11,1,0,120;;CST6CDT America/Chicago America/Indiana/Knox Tell_City America/Knox_IN Matamoros Menominee America/North_Dakota/Beulah Center New_Salem America/Rankin_Inlet Resolute US/Central Indiana-Starke
-360,-300,9,1,6,1320,4,1,6,1320;-8c,2xp0,-a0,4r5o,-8c,6hac,-a0,4r5o,-8c,6hac,-a0,4yxo,-8c,69ic,-a0;Chile/EasterIsland Pacific/Easter
-360;-a0,2xxc,-8c,69ic,-a0,4yxo,-8c,6hac,-a0,4r5o,-8c,6hac,-a0;America/Bahia_Banderas Merida Mexico_City Monterrey Mexico/General
-360;-bo,22v0,-a0,7cec,-bo,43to,-a0,7cec,-bo,3w1o,-a0,7cec,-bo,3w1o,-a0,7cec,-bo,3w1o,-a0,7cec,-bo,3w1o,-a0,7cec,-bo,3w1o,-a0,7cec,-a0;America/Edmonton Inuvik Yellowknife Canada/Mountain
-360;-bo,2xz0,-a0,69ic,-bo,4yxo,-a0,6hac,-bo,4r5o,-a0,6hac,-a0;America/Chihuahua
-360;;America/Belize Costa_Rica El_Salvador Guatemala Managua Regina Swift_Current Tegucigalpa Canada/Saskatchewan Etc/GMT+6 Pacific/Galapagos
-420,-360,3,2,0,120,11,1,0,120;-bo,22v0,-a0,7cec,-bo,43to,-a0,7cec,-bo,3w1o,-a0,82z0,-bo;America/Ciudad_Juarez
-420,-360,3,2,0,120,11,1,0,120;;MST7MDT Navajo America/Boise Cambridge_Bay Denver Shiprock US/Mountain
-420;-bo,2xz0,-a0,69ic,-bo,4yxo,-a0,6hac,-bo,4r5o,-a0,6hac,-bo;America/Mazatlan Mexico/BajaSur
-420;-dc,22wo,-bo,7cb0,-bo;America/Dawson Whitehorse Canada/Yukon
-420;-dc,22wo,-bo,7cec,-dc,43to,-bo,7cec,-dc,3w1o,-bo,7cec,-dc,3w1o,-bo,7cec,-dc,3w1o,-bo,7cec,-dc,3w1o,-bo,7cec,-dc,3w1o,-bo,7cec,-bo;America/Vancouver Canada/Pacific
-420;;MST America/Creston Dawson_Creek Fort_Nelson Hermosillo Phoenix Etc/GMT+7 US/Arizona
-480,-420,3,2,0,120,11,1,0,120;;PST8PDT America/Ensenada Los_Angeles Santa_Isabel Tijuana Mexico/BajaNorte US/Pacific
-480;;Etc/GMT+8 Pacific/Pitcairn
-540,-480,3,2,0,120,11,1,0,120;;America/Anchorage Juneau Metlakatla Nome Sitka Yakutat US/Alaska
-540;;Etc/GMT+9 Pacific/Gambier
-570;;Pacific/Marquesas
-60,0,3,5,0,0,10,5,0,60;;Atlantic/Azores
-600,-540,3,2,0,120,11,1,0,120;;America/Adak Atka US/Aleutian
-600;;HST Etc/GMT+10 Pacific/Honolulu Johnston Rarotonga Tahiti US/Hawaii
-60;;Atlantic/Cape_Verde Etc/GMT+1
-660;;Etc/GMT+11 Pacific/Midway Niue Pago_Pago Samoa US/Samoa
-720;;Etc/GMT+12
0,120,3,5,0,60,10,5,0,180;;Antarctica/Troll
0,60,3,5,0,60,10,5,0,120;;Eire GB GB-Eire Portugal WET Atlantic/Canary Faeroe Faroe Madeira Europe/Belfast Dublin Guernsey Isle_of_Man Jersey Lisbon London
0;1o,3d7c,0,1ao0,1o,9q00,0,12w0,1o,9q00,0,1ao0,1o,9q00,0,12w0,1o,9xs0,0,12w0,1o,9q00,0,1ao0,1o,9q00,0,12w0,1o,5m6c,0;Africa/Casablanca El_Aaiun
0;;GMT GMT+0 GMT-0 GMT0 Greenwich Iceland UCT UTC Universal Zulu Africa/Abidjan Accra Bamako Banjul Bissau Conakry Dakar Freetown Lome Monrovia Nouakchott Ouagadougou Sao_Tome Timbuktu America/Danmarkshavn Atlantic/Reykjavik St_Helena Etc/GMT GMT+0 GMT-0 GMT0 Greenwich UCT UTC Universal Zulu
120,180,3,4,4,1560,10,5,0,120;;Israel Asia/Jerusalem Tel_Aviv
120,180,3,4,4,3000,10,4,4,3000;3c,2oko,50,6hc0,3c,4r40,50,6o00,3c,4lk0,50,6o1o,3c,5m9o,50,5m6c,3c,5eho,50,5tyc,3c,56po,50,61qc,3c,4r5o,50,6hac,3c,4r5o,50,6p2c,3c,4jdo,50,6p2c,3c,4jdo,50,6p2c,3c,4r5o,50,6hac,3c,4r5o,50,6hac,3c,4r5o,50,6p2c,3c,4jdo,50,6p2c,3c,4jdo,50,6p2c,3c,4jdo,50,6p2c,3c,4r5o,50,69ic,3c,4yxo,50,61qc,3c,56po,50,5m6c,3c,5m9o,50,5eec,3c,5u1o,50,4yuc,3c,1iho,50,7qc,3c,4r5o,50,4jac,3c,1apo,50,nac,3c,4r5o,50,4bic,3c,1apo,50,v2c,3c,4r5o,50,3vyc,3c,1iho,50,12uc,3c,4r5o,50,3o6c,3c,1apo,50,1q6c,3c,4jdo,50,3gec,3c,1apo,50,1xyc,3c,4jdo,50,30uc,3c,1iho,50,25qc,3c,4r5o,50,2lac,3c,1apo,50,2lac,3c,4r5o,50,25qc,3c,1iho,50,2t2c,3c,4r5o,50,1xyc,3c,1apo,50,3gec,3c,4jdo,50,1q6c,3c,1apo,50,3o6c,3c,4jdo,50,1amc,3c,1iho,50,3vyc,3c,4r5o,50,v2c,3c,1apo,50,4bic,3c,4r5o,50,fic,3c,1iho,50,4jac,3c,4r5o,50,7qc,3c,1iho,50,4r2c,3c,61to,50,5eec,3c,5m9o,50,5m6c,3c,56po,50,61qc,3c,4yxo,50,69ic,3c,4r5o,50,6hac,3c,4r5o,50,6p2c,3c,4jdo,50,6p2c,3c,4jdo,50,6p2c,3c,4jdo,50,6p2c,3c,4r5o,50,6hac,3c,4r5o,50,6hac,3c,4r5o,50,6p2c,3c,4jdo,50,6p2c,3c,4jdo,50,6hac,3c,4yxo,50,61qc,3c,56po,50,5tyc,3c,5eho,50,5eec,3c,5u1o,50,56mc,3c,1apo,50,7qc,3c,4jdo,50,4yuc,3c,1apo,50,fic,3c,4jdo,50,4jac,3c,1iho,50,nac,3c,4r5o,50,43qc,3c,1apo,50,12uc,3c,4r5o,50,3o6c,3c,1iho,50,1amc,3c,4r5o,50,3gec,3c,1iho,50,1q6c,3c,4jdo,50,38mc,3c,1apo,50,25qc,3c,4jdo,50,2t2c,3c,1iho,50,2dic,3c,4r5o,50,2dic,3c,1apo,50,2t2c,3c,4r5o,50,25qc,3c,1apo,50,30uc,3c,4r5o,50,1q6c,3c,1iho,50,38mc,3c,4r5o,50,1iec,3c,1apo,50,3vyc,3c,4jdo,50,12uc,3c,1iho,50,43qc,3c,4jdo,50,v2c,3c,1iho,50,4bic,3c,4r5o,50,fic,3c,1apo,50,4r2c,3c;Asia/Gaza Hebron
120,180,3,5,0,0,10,5,0,0;;Asia/Beirut
120,180,3,5,0,180,10,5,0,240;3c,2ps0,50,6hc0,3c,4r40,50,6p40,3c,1wso,3c;Europe/Chisinau Tiraspol
120,180,3,5,0,180,10,5,0,240;;EET Asia/Famagusta Nicosia Europe/Athens Bucharest Helsinki Kiev Kyiv Mariehamn Nicosia Riga Sofia Tallinn Uzhgorod Vilnius Zaporozhye
120,180,4,5,5,0,10,5,4,1440;3c,11foo,50;Egypt Africa/Cairo
120;50,c8z0,3c;Africa/Juba
120;;Libya Africa/Blantyre Bujumbura Gaborone Harare Johannesburg Khartoum Kigali Lubumbashi Lusaka Maputo Maseru Mbabane Tripoli Windhoek Etc/GMT-2 Europe/Kaliningrad
180;3c,2ngo,50,6p2c,3c,4jdo,50,6p2c,3c,4jdo,50,6p2c,50;Asia/Damascus
180;3c,2ngo,50,6p40,3c,4jc0,50,6p40,3c,3o80,50,7k80,50;Asia/Amman
180;6o,b50o,50;Europe/Volgograd
180;;Turkey W-SU Africa/Addis_Ababa Asmara Asmera Dar_es_Salaam Djibouti Kampala Mogadishu Nairobi Antarctica/Syowa Asia/Aden Baghdad Bahrain Istanbul Kuwait Qatar Riyadh Etc/GMT-3 Europe/Istanbul Kirov Minsk Moscow Simferopol Indian/Antananarivo Comoro Mayotte
210;5u,2gq6,7i,5oec,5u,5m9o,7i,5oec,5u,5l5o,7i,5oec,5u;Iran Asia/Tehran
240;;Asia/Baku Dubai Muscat Tbilisi Yerevan Etc/GMT-4 Europe/Astrakhan Samara Saratov Ulyanovsk Indian/Mahe Mauritius Reunion
270;;Asia/Kabul
300;;Antarctica/Mawson Asia/Aqtau Aqtobe Ashgabat Ashkhabad Atyrau Dushanbe Karachi Oral Qyzylorda Samarkand Tashkent Yekaterinburg Etc/GMT-5 Indian/Kerguelen Maldives
300;a0,1axq0,8c;Asia/Almaty Qostanay
300;bo,18njo,8c;Antarctica/Vostok
330;;Asia/Calcutta Colombo Kolkata
345;;Asia/Kathmandu Katmandu
360;;Asia/Bishkek Dacca Dhaka Kashgar Omsk Thimbu Thimphu Urumqi Etc/GMT-6 Indian/Chagos
390;;Asia/Rangoon Yangon Indian/Cocos
420;;Antarctica/Davis Asia/Bangkok Barnaul Ho_Chi_Minh Hovd Jakarta Krasnoyarsk Novokuznetsk Novosibirsk Phnom_Penh Pontianak Saigon Tomsk Vientiane Etc/GMT-7 Indian/Christmas
480;;Hongkong PRC ROC Singapore Asia/Brunei Choibalsan Chongqing Chungking Harbin Hong_Kong Irkutsk Kuala_Lumpur Kuching Macao Macau Makassar Manila Shanghai Singapore Taipei Ujung_Pandang Ulaanbaatar Ulan_Bator Australia/Perth West Etc/GMT-8
480;ic,222o,dc,6hc1,ic,4yqz,dc,69p1,ic,4yqz,dc,69p1,ic,4vjz,dc;Antarctica/Casey
525;;Australia/Eucla
540;;Japan ROK Asia/Chita Dili Jayapura Khandyga Pyongyang Seoul Tokyo Yakutsk Etc/GMT-9 Pacific/Palau
570,630,10,1,0,120,4,1,0,180;;Australia/Adelaide Broken_Hill South Yancowinna
570;;Australia/Darwin North
60,120,3,5,0,120,10,5,0,180;;CET MET Poland Africa/Ceuta Arctic/Longyearbyen Atlantic/Jan_Mayen Europe/Amsterdam Andorra Belgrade Berlin Bratislava Brussels Budapest Busingen Copenhagen Gibraltar Ljubljana Luxembourg Madrid Malta Monaco Oslo Paris Podgorica Prague Rome San_Marino Sarajevo Skopje Stockholm Tirane Vaduz Vatican Vienna Warsaw Zagreb Zurich
600,660,10,1,0,120,4,1,0,180;;Antarctica/Macquarie Australia/ACT Canberra Currie Hobart Melbourne NSW Sydney Tasmania Victoria
600;;Antarctica/DumontDUrville Asia/Ust-Nera Vladivostok Australia/Brisbane Lindeman Queensland Etc/GMT-10 Pacific/Chuuk Guam Port_Moresby Saipan Truk Yap
60;;Africa/Algiers Bangui Brazzaville Douala Kinshasa Lagos Libreville Luanda Malabo Ndjamena Niamey Porto-Novo Tunis Etc/GMT-1
630,660,10,1,0,120,4,1,0,120;;Australia/LHI Lord_Howe
660,720,10,1,0,120,4,1,0,180;;Pacific/Norfolk
660;;Asia/Magadan Sakhalin Srednekolymsk Etc/GMT-11 Pacific/Bougainville Efate Guadalcanal Kosrae Noumea Pohnpei Ponape
720,780,9,5,0,120,4,1,0,180;;NZ Antarctica/McMurdo South_Pole Pacific/Auckland
720;;Kwajalein Asia/Anadyr Kamchatka Etc/GMT-12 Pacific/Funafuti Kwajalein Majuro Nauru Tarawa Wake Wallis
720;lo,brc,k0,al40,lo,v40,k0;Pacific/Fiji
765,825,9,5,0,165,4,1,0,225;;NZ-CHAT Pacific/Chatham
780;;Etc/GMT-13 Pacific/Enderbury Fakaofo Kanton Tongatapu
780;nc,2x3c,lo,5eg0,nc,5u00,lo;Pacific/Apia
840;;Etc/GMT-14 Pacific/Kiritimati`;
