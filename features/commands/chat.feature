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

    Scenario: A conversation that has outgrown the context is told how many tokens fit
      When I type "rbee-keeper chat --engine ctransformers --ctx 256" and the lines
        """
        tell me a story
        tell me a story
        tell me a story
        tell me a story
        /new
        hello
        """
      Then stderr contains "error: the conversation does not fit: it is "
      And stderr contains " tokens, the context holds 256"
      And stderr contains "forgets the conversation; a chat with --ctx has a larger context"
      And stderr contains "the conversation is forgotten"
      And the exit status is 1
      And nothing is left running

  Rule: A line that begins with a slash is a command of the chat

    Scenario: The commands
      Given a queen that is awake
      When I type "rbee-keeper chat" and the lines
        """
        /help
        /nwe
        /exit
        hello
        """
      Then stderr contains "forget the conversation"
      And stderr contains "nwe is no command"
      And stdout holds nothing
      And the exit status is 0

  Rule: Ctrl+C on an empty line ends the chat

    Scenario: Ctrl+C at the sign
      Given a queen that is awake
      And "rbee-keeper chat" on a terminal asks for a line
      When I press Ctrl+C
      Then the exit status is 130
      And stderr contains "Ctrl+D ends"
