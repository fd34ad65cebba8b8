/* main: the command line, then one sub-command.
 *
 * The way through the house: options → app_live, app_pick, app_record, app_dump or app_diff →
 * session (sampler, analyzer, workers) → snapshots → screen or file.
 */
#include "app.h"
#include "ctop/log.h"
#include "ctop/options.h"
#include "ctop/remote.h"
#include "ctop/session.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

int app_fail(int code, const char *text)
{
	fprintf(stderr, "ctop: %s\n", text);
	return code;
}

struct session_config app_session_config(const struct options *o)
{
	return (struct session_config){
	        .source = {.pids = o->pids,
	                   .pid_count = o->pid_count,
	                   .whole_machine = o->whole_machine,
	                   .follow_children = !o->no_children,
	                   .kernel = !o->no_kernel,
	                   .rate_hz = o->rate_hz,
	                   .stack_bytes = o->stack_bytes},
	        .choice = o->source,
	        .unwind = o->unwind,
	        .deepen = !o->stack_fixed && o->file == NULL,
	        .memory = o->memory,
	        .query = o->query,
	        .source_map = o->source_map,
	        .fetch = o->fetch,
	        .follow = o->follow,
	        .refresh_ms = o->refresh_ms,
	        .input = o->file,
	        .raw_output = o->raw ? o->output : NULL,
	};
}

static int print_help(void)
{
	char *text = options_help();
	int rc = fputs(text, stdout);
	free(text);
	return rc >= 0 ? EXIT_DONE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct options o;
	struct err e = {0};
	setlocale(LC_CTYPE, "");
	if (options_parse(&o, argc, argv, &e) != CTOP_OK)
		return app_fail(EXIT_USAGE, e.text);
	if (o.fetch && remote_possible(&e) != CTOP_OK)
		return app_fail(EXIT_USAGE, e.text);
	log_set_level(o.verbose);
	if (o.wait != NULL)
		app_wait(&o);
	switch (o.command) {
	case OPTIONS_HELP:
		return print_help();
	case OPTIONS_VERSION:
		return puts("ctop " CTOP_VERSION) >= 0 ? EXIT_DONE : EXIT_FAILED;
	case OPTIONS_RECORD:
		return app_record(&o);
	case OPTIONS_DUMP:
		return app_dump(&o);
	case OPTIONS_DIFF:
		return app_diff(&o);
	case OPTIONS_PICK:
		return app_pick(&o);
	case OPTIONS_VIEW:
		if (o.annotate != NULL)
			return app_record(&o);
		break;
	case OPTIONS_LIVE:
		break;
	}
	return app_live(&o);
}
