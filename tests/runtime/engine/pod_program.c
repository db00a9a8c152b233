/*
 * pod_program.c - what runs in the pods of test_docker.c: static, does what its words say.
 *
 *	serve PORT	answer every connection with 200
 *	exit CODE	end at once
 *	signal N	die of a signal
 *	eat		take memory until killed
 *	eat-child	let a child take memory until it is killed, then stay
 *	log		write lines to both streams, one of 40,000 bytes
 *	env NAME	print one of the environment
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int
serve(int port)
{
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int s = socket(AF_INET, SOCK_STREAM, 0);
	char request[4096];

	if (bind(s, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 16) < 0)
		return 4;
	for (;;) {
		const int c = accept(s, NULL, NULL);

		if (read(c, request, sizeof(request)) > 0 &&
		    write(c, answer, sizeof(answer) - 1) < 0)
			return 5;
		close(c);
	}
}

static int
eat(void)
{
	for (;;) {
		char *bytes = malloc(1 << 20);

		if (bytes == NULL)
			return 6;
		memset(bytes, 1, 1 << 20);
	}
}

static int
eat_child(void)
{
	if (fork() == 0)
		exit(eat());
	wait(NULL);
	pause();
	return 0;
}

static int
log_lines(void)
{
	char *big = malloc(40001);

	memset(big, 'x', 40000);
	big[40000] = '\0';
	for (int i = 0; i < 5; i++)
		printf("out %d\n", i);
	printf("%s\n", big);
	fflush(stdout);
	fprintf(stderr, "err\n");
	printf("last without newline");
	fflush(stdout);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "serve";
	const char *word = argc > 2 ? argv[2] : "8080";

	if (strcmp(what, "exit") == 0)
		return atoi(word);
	if (strcmp(what, "signal") == 0)
		return raise(atoi(word));
	if (strcmp(what, "eat") == 0)
		return eat();
	if (strcmp(what, "eat-child") == 0)
		return eat_child();
	if (strcmp(what, "log") == 0)
		return log_lines();
	if (strcmp(what, "env") == 0)
		return printf("%s\n", getenv(word)) < 0;
	return serve(atoi(word));
}
