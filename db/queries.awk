# queries.awk - named SQL statements to C: an enum SQL_NAME and, where SQL_STATEMENTS
# is defined, the table of their texts.
/^-- name: / { name = $3; names[n++] = name; comment = 1; next }
/^--/ || /^[[:space:]]*$/ { next }
name != "" {
	line = $0
	gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line)
	text[name] = text[name] "\n\t    \"" line "\\n\""
}
END {
	print "/* made from db/queries by queries.awk */"
	print "enum sql_id {"
	for (i = 0; i < n; i++) print "\tSQL_" toupper(names[i]) ","
	print "\tSQL_COUNT\n};"
	print "#ifdef SQL_STATEMENTS\nstatic const char *const sql_statements[] = {"
	for (i = 0; i < n; i++) print "\t[SQL_" toupper(names[i]) "] =" text[names[i]] ","
	print "};\n#endif"
}
