Feature: A conversation in the terminal: chat
  Each line is answered by a model that knows what was said before. The swarm is woken once, stays
  for the whole conversation, and goes to sleep at its end.

  Rule: A pipe is answered line by line

    @fault.keeper.forgetful-chat
    Scenario: The lines of a pipe are one conversation
      When I type "rbee-keeper chat --temperature 0" and the lines
        """
        tell me a story
        write a short story
        """
      Then stdout holds what the engine alone answers in turn to "tell me a story" and "write a short story"
      And the terminal narrates
        """
        bee-keeper: queen is asleep, waking queen...
        queen: CPU worker is awake and ready
        [DONE]
        bee-keeper: asking queen to cascade shutdown
        queen: goodbye
        """
      And the terminal does not narrate
        """
        queen: worker <worker id> on hive localhost already has minillama loaded
        """
      And the exit status is 0
      And nothing is left running

    Scenario: A model that was not tuned to chat gets the conversation as a dialogue
      Given a model file of my own called "untuned.gguf" without a chat template
      When I chat with the file "untuned.gguf" in the lines
        """
        tell me a story
        write a short story
        """
      Then stdout holds what the engine alone adds to the dialogue of "tell me a story" and "write a short story"
      And the exit status is 0

    @only-asks
    Scenario: What has outgrown the context loses its oldest turns, and the chat goes on
      Given a swarm that is warm
      When I type "rbee-keeper chat --engine ctransformers --ctx 256" and the lines
        """
        tell me a story
        tell me a story
        tell me a story
        tell me a story
        """
      Then stderr contains "bee-keeper: the context is full: the oldest"
      And stderr does not contain "error"
      And the exit status is 0

    @only-asks
    Scenario: Between two lines of quotes there is one message
      Given a swarm that is warm
      When I type "rbee-keeper chat --temperature 0" and the lines
        '''
        """
        tell me a story

        of two bees
        """
        '''
      Then stdout holds what the engine alone answers to these lines as one
        """
        tell me a story

        of two bees
        """
      And the exit status is 0

  Rule: A line that begins with a slash is a command of the chat

    Background:
      Given a swarm that is warm

    @only-asks
    Scenario: The commands
      When I type "rbee-keeper chat" and the lines
        """
        /help
        /nwe
        /model
        /exit
        hello
        """
      Then stderr contains "forget the conversation"
      And stderr contains "nwe is no command"
      And stderr contains "the model is minillama"
      And stdout holds nothing
      And the exit status is 0

    @only-asks
    Scenario: An answer is made anew, and a conversation goes on from a file
      When I type "rbee-keeper chat --temperature 0" and the lines
        """
        tell me a story
        /save bees.json
        /retry
        /new
        /load bees.json
        write a short story
        """
      Then stdout holds what the engine alone answers to "tell me a story" twice, and then to "write a short story"
      And the file "bees.json" is for its owner alone
      And the exit status is 0

  Rule: Whoever types at a terminal is helped

    Scenario: The model is loaded while the first line is typed
      Given a queen that is awake
      And "rbee-keeper chat" on a terminal asks for a line
      When nothing is typed
      Then a worker is ready for it
      And the chat shows nothing behind its sign
      And Ctrl+C ends it

    @only-asks
    Scenario: Several lines are pasted as one, and are found again in the next chat
      Given a swarm that is warm
      And "rbee-keeper chat" on a terminal asks for a line
      And "hello" and "bees" were pasted as one line, and answered
      When I end that chat, begin another and press the key for the line before
      Then the chat shows "hello" and "bees" behind its sign
      And Ctrl+C ends it

  Rule: Ctrl+C on an empty line ends the chat

    @only-asks
    Scenario: Ctrl+C at the sign
      Given a swarm that is warm
      And "rbee-keeper chat" on a terminal asks for a line
      When I press Ctrl+C
      Then the exit status is 130
      And stderr contains "Ctrl+D ends"
