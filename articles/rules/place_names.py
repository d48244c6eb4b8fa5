"""English names of places by their codes: all countries, and those regions that newsrooms of this format name."""

NAMES = dict(
    item.strip().split(" ", 1)
    for item in """
AD Andorra | AE United Arab Emirates | AF Afghanistan | AG Antigua and Barbuda | AI Anguilla | AL Albania | AM Armenia
| AO Angola | AQ Antarctica | AR Argentina | AS American Samoa | AT Austria | AU Australia | AW Aruba | AX Åland
Islands | AZ Azerbaijan | BA Bosnia and Herzegovina | BB Barbados | BD Bangladesh | BE Belgium | BF Burkina Faso | BG
Bulgaria | BH Bahrain | BI Burundi | BJ Benin | BL Saint Barthélemy | BM Bermuda | BN Brunei | BO Bolivia | BQ
Caribbean Netherlands | BR Brazil | BS Bahamas | BT Bhutan | BV Bouvet Island | BW Botswana | BY Belarus | BZ Belize |
CA Canada | CA-AB Alberta | CA-BC British Columbia | CA-MB Manitoba | CA-NB New Brunswick | CA-NL Newfoundland and
Labrador | CA-NS Nova Scotia | CA-NT Northwest Territories | CA-NU Nunavut | CA-ON Ontario | CA-PE Prince Edward
Island | CA-QC Quebec | CA-SK Saskatchewan | CA-YT Yukon | CC Cocos Islands | CD DR Congo | CF Central African
Republic | CG Republic of the Congo | CH Switzerland | CI Côte d’Ivoire | CK Cook Islands | CL Chile | CM Cameroon |
CN China | CN-BJ Beijing | CN-CQ Chongqing | CN-GD Guangdong | CN-HB Hubei | CN-HK Hong Kong | CN-MO Macau | CN-SH
Shanghai | CN-TJ Tianjin | CO Colombia | CR Costa Rica | CU Cuba | CV Cape Verde | CW Curaçao | CX Christmas Island |
CY Cyprus | CZ Czechia | DE Germany | DJ Djibouti | DK Denmark | DM Dominica | DO Dominican Republic | DZ Algeria | EC
Ecuador | EE Estonia | EG Egypt | EH Western Sahara | ER Eritrea | ES Spain | ET Ethiopia | FI Finland | FJ Fiji | FK
Falkland Islands | FM Micronesia | FO Faroe Islands | FR France | GA Gabon | GB United Kingdom | GB-ENG England |
GB-NIR Northern Ireland | GB-SCT Scotland | GB-WLS Wales | GD Grenada | GE Georgia | GF French Guiana | GG Guernsey |
GH Ghana | GI Gibraltar | GL Greenland | GM Gambia | GN Guinea | GP Guadeloupe | GQ Equatorial Guinea | GR Greece | GS
South Georgia | GT Guatemala | GU Guam | GW Guinea-Bissau | GY Guyana | HK Hong Kong | HM Heard and McDonald Islands |
HN Honduras | HR Croatia | HT Haiti | HU Hungary | ID Indonesia | IE Ireland | IL Israel | IM Isle of Man | IN India |
IO British Indian Ocean Territory | IQ Iraq | IR Iran | IS Iceland | IT Italy | JE Jersey | JM Jamaica | JO Jordan |
JP Japan | KE Kenya | KG Kyrgyzstan | KH Cambodia | KI Kiribati | KM Comoros | KN Saint Kitts and Nevis | KP North
Korea | KR South Korea | KW Kuwait | KY Cayman Islands | KZ Kazakhstan | LA Laos | LB Lebanon | LC Saint Lucia | LI
Liechtenstein | LK Sri Lanka | LR Liberia | LS Lesotho | LT Lithuania | LU Luxembourg | LV Latvia | LY Libya | MA
Morocco | MC Monaco | MD Moldova | ME Montenegro | MF Saint Martin | MG Madagascar | MH Marshall Islands | MK North
Macedonia | ML Mali | MM Myanmar | MN Mongolia | MO Macau | MP Northern Mariana Islands | MQ Martinique | MR
Mauritania | MS Montserrat | MT Malta | MU Mauritius | MV Maldives | MW Malawi | MX Mexico | MY Malaysia | MZ
Mozambique | NA Namibia | NC New Caledonia | NE Niger | NF Norfolk Island | NG Nigeria | NI Nicaragua | NL Netherlands
| NO Norway | NP Nepal | NR Nauru | NU Niue | NZ New Zealand | OM Oman | PA Panama | PE Peru | PF French Polynesia |
PG Papua New Guinea | PH Philippines | PK Pakistan | PL Poland | PM Saint Pierre and Miquelon | PN Pitcairn | PR
Puerto Rico | PS Palestine | PT Portugal | PW Palau | PY Paraguay | QA Qatar | RE Réunion | RO Romania | RS Serbia |
RU Russia | RW Rwanda | SA Saudi Arabia | SB Solomon Islands | SC Seychelles | SD Sudan | SE Sweden | SG Singapore |
SH Saint Helena | SI Slovenia | SJ Svalbard and Jan Mayen | SK Slovakia | SL Sierra Leone | SM San Marino | SN Senegal
| SO Somalia | SR Suriname | SS South Sudan | ST São Tomé and Príncipe | SV El Salvador | SX Sint Maarten | SY Syria |
SZ Eswatini | TC Turks and Caicos Islands | TD Chad | TF French Southern Territories | TG Togo | TH Thailand | TJ
Tajikistan | TK Tokelau | TL Timor-Leste | TM Turkmenistan | TN Tunisia | TO Tonga | TR Türkiye | TT Trinidad and
Tobago | TV Tuvalu | TW Taiwan | TZ Tanzania | UA Ukraine | UG Uganda | UM US Minor Outlying Islands | US United
States | US-AK Alaska | US-AL Alabama | US-AR Arkansas | US-AZ Arizona | US-CA California | US-CO Colorado | US-CT
Connecticut | US-DC District of Columbia | US-DE Delaware | US-FL Florida | US-GA Georgia (US) | US-HI Hawaii | US-IA
Iowa | US-ID Idaho | US-IL Illinois | US-IN Indiana | US-KS Kansas | US-KY Kentucky | US-LA Louisiana | US-MA
Massachusetts | US-MD Maryland | US-ME Maine | US-MI Michigan | US-MN Minnesota | US-MO Missouri | US-MS Mississippi |
US-MT Montana | US-NC North Carolina | US-ND North Dakota | US-NE Nebraska | US-NH New Hampshire | US-NJ New Jersey |
US-NM New Mexico | US-NV Nevada | US-NY New York | US-OH Ohio | US-OK Oklahoma | US-OR Oregon | US-PA Pennsylvania |
US-RI Rhode Island | US-SC South Carolina | US-SD South Dakota | US-TN Tennessee | US-TX Texas | US-UT Utah | US-VA
Virginia | US-VT Vermont | US-WA Washington | US-WI Wisconsin | US-WV West Virginia | US-WY Wyoming | UY Uruguay | UZ
Uzbekistan | VA Vatican City | VC Saint Vincent and the Grenadines | VE Venezuela | VG British Virgin Islands | VI US
Virgin Islands | VN Vietnam | VU Vanuatu | WF Wallis and Futuna | WS Samoa | YE Yemen | YT Mayotte | ZA South Africa |
ZM Zambia | ZW Zimbabwe
""".replace("\n", " ").split(" | ")
)
